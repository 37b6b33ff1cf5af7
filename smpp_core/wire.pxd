"""Layer 1 of 9: octets of the wire; inline big-endian readers and writers, and the search for a NUL that stays inside its window."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    static inline uint16_t smpp_read_u16(const uint8_t *p) { return (uint16_t)((p[0] << 8) | p[1]); }

    static inline uint32_t smpp_read_u32(const uint8_t *p) {
        return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | (uint32_t)p[3];
    }

    static inline void smpp_write_u16(uint8_t *p, uint16_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }

    static inline void smpp_write_u32(uint8_t *p, uint32_t v) {
        p[0] = (uint8_t)(v >> 24); p[1] = (uint8_t)(v >> 16); p[2] = (uint8_t)(v >> 8); p[3] = (uint8_t)v;
    }

    /* Eight octets a step: SMPP's strings are some ten octets, too short for the cost of a memchr call. */
    static inline uint32_t smpp_find_nul(const uint8_t *octets, uint32_t start, uint32_t end) {
    #if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        while (end - start >= 8) {
            uint64_t word, hit;
            memcpy(&word, octets + start, 8);
            hit = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
            if (hit) return start + (uint32_t)(__builtin_ctzll(hit) >> 3);
            start += 8;
        }
    #endif
        while (start < end && octets[start]) start++;
        return start;
    }
    """
    uint16_t read_u16 "smpp_read_u16"(const uint8_t *octets) noexcept nogil
    uint32_t read_u32 "smpp_read_u32"(const uint8_t *octets) noexcept nogil
    void write_u16 "smpp_write_u16"(uint8_t *octets, uint16_t value) noexcept nogil
    void write_u32 "smpp_write_u32"(uint8_t *octets, uint32_t value) noexcept nogil
    # The offset of the first NUL in octets[start:end], or end. Needs start <= end.
    uint32_t find_nul "smpp_find_nul"(const uint8_t *octets, uint32_t start, uint32_t end) noexcept nogil
