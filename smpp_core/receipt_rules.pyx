"""Layer 4 of 9: what a profile says about receipts, ready for compiled code: zone of times, further keys, UCS-2 data codings; C only."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport uint8_t

from datetime import timedelta, timezone

from .errors import ProfileError
from .profile import Profile
from .spec.data_codings import GSM_GROUP_TABLE

__all__ = []

cdef enum:
    READINGS_KEPT = 256            # a process that makes profiles without end must not grow with them


@cython.final
cdef class Reading:
    """The part of a profile that reading a receipt asks for."""

    def __cinit__(self, profile):
        cdef int coding
        self.profile = profile
        for coding in range(256):
            self.is_ucs2[coding] = profile is not None and _is_ucs2(profile, coding)
        if profile is not None:
            self.unflagged = profile.receipts_unflagged
            self.zone = _zone_of(profile.receipt_zone)
            if profile.receipt_keys:
                self.keys = b"".join([bytes([len(key)]) + key.lower().encode("ascii") for key in sorted(profile.receipt_keys)]) + b"\0"
                self.more = <const uint8_t *>PyBytes_AS_STRING(self.keys)


cdef bint _is_ucs2(object profile, int coding) except -1:
    row = profile.data_codings.get(coding)
    if row is not None:
        return row.alphabet == "ucs2"
    group = GSM_GROUP_TABLE[coding]
    return group.alphabet == "ucs2" and not group.compressed


cdef object _zone_of(object name):
    if name is None:
        return None
    import zoneinfo

    try:
        if name == "UTC":
            return timezone.utc
        if name[0] in "+-":
            offset = timedelta(hours=int(name[1:3]), minutes=int(name[4:]))
            return timezone(offset if name[0] == "+" else -offset)
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ProfileError(f"receipt_zone: this machine has no data of time zone {name!r}", "receipt_zone") from None


cdef dict _readings = {}           # Profile -> Reading
cdef Reading _bare = Reading(None)
cdef Reading _last = _bare


cdef Reading reading_of(object profile):
    global _last
    cdef Reading reading = _last
    if profile is reading.profile:
        return reading
    if profile is None:
        return _bare
    reading = _readings.get(profile)
    if reading is None:
        if not isinstance(profile, Profile):
            raise TypeError(f"profile must be a Profile, not {type(profile).__name__}")
        reading = Reading(profile)
        if len(_readings) >= READINGS_KEPT:
            _readings.clear()
        _readings[profile] = reading
    _last = reading
    return reading
