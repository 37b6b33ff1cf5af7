"""Layer 4 of 9: where the values of a delivery-receipt text stand, and what state words and dates mean; C only.

One pass over the octets, which makes no Python object. Its tables are the rows of spec/receipts.py. SMPP 3.4 Appendix B.
"""

from libc.stdint cimport int8_t, int32_t, uint8_t

from .spec.receipts import DATE_WIDTHS, KEYS, REPAIR_FROM, STATE_WORDS
from .spec.values import MessageState

__all__ = []

cdef enum:                 # what an octet can be
    IS_LETTER = 1
    IS_WORD = 2
    IS_SPACE = 4

cdef enum:
    SPELLINGS = 24
    WORDS = 32
    WORD_SIZE = 20         # octets of the longest spelling or state word
    MAX_DATE = 14

cdef struct Word:
    int8_t meaning         # a field, or a MessageState
    uint8_t size
    uint8_t octets[WORD_SIZE]

cdef uint8_t _class[256]
cdef uint8_t _fold[256]                    # ASCII letters to lower case
cdef Word _spellings[SPELLINGS]            # in order of their first letters
cdef uint8_t _first_spelling[257]          # the first spelling of each first letter; the next letter's is the end
cdef uint8_t _one_word[KNOWN]
cdef Word _words[WORDS]
cdef int _n_words = len(STATE_WORDS)
cdef int _repair_from = REPAIR_FROM
cdef uint8_t _year_digits[MAX_DATE + 1]    # by the digits of a date, 0 where no date has so many
cdef uint8_t _has_seconds[MAX_DATE + 1]
cdef uint8_t _month_days[13]
cdef dict _fields = {
    "id": ID, "sub": SUB, "dlvrd": DLVRD, "submit_date": SUBMIT_DATE, "done_date": DONE_DATE, "stat": STAT, "err": ERR, "text": TEXT,
}


cdef int _write_word(Word *word, bytes octets, int meaning) except -1:
    cdef int i
    if len(octets) > WORD_SIZE:
        raise ValueError(f"{octets!r} is longer than {WORD_SIZE} octets")
    word.meaning = meaning
    word.size = len(octets)
    for i in range(len(octets)):
        word.octets[i] = octets[i]
    return 0


cdef int _compile() except -1:
    """Write the C tables from the rows."""
    cdef int c
    cdef int i
    for c in range(256):
        # Letters and digits are those of Latin-1, so that no key begins in the middle of a word that has one above 0x7F.
        _class[c] = (IS_LETTER if chr(c).isalpha() else 0) | (IS_WORD if chr(c).isalnum() or chr(c) == "_" else 0) | (
            IS_SPACE if chr(c) in " \t\r\n" else 0)
        _fold[c] = c + 32 if c"A" <= c <= c"Z" else c
    spellings = sorted((spelling.encode("ascii"), _fields[row.field]) for row in KEYS for spelling in row.spellings)
    if len(spellings) > SPELLINGS or len(STATE_WORDS) > WORDS:
        raise ValueError("more receipt keys or state words than the tables hold")
    for i, (octets, field) in enumerate(spellings):
        _write_word(&_spellings[i], octets, field)
    for c in range(257):
        _first_spelling[c] = sum(octets[0] < c for octets, _ in spellings)
    for row in KEYS:
        _one_word[<int>_fields[row.field]] = row.one_word
    for i, row in enumerate(STATE_WORDS):
        _write_word(&_words[i], row.word.lower().encode("ascii"), MessageState[row.state].value)
    for row in DATE_WIDTHS:
        _year_digits[<int>row.digits] = row.year
        _has_seconds[<int>row.digits] = row.seconds
    for i, days in enumerate((0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)):
        _month_days[i] = days
    return 0


_compile()


cdef inline int _known_key(const uint8_t *p, int32_t at, int32_t end, int32_t *behind) noexcept nogil:
    """The known key that begins at `at`, NO_KEY if none does; `behind` its colon."""
    cdef uint8_t first = _fold[p[at]]
    cdef int k
    cdef int i
    cdef const Word *spelling
    for k in range(_first_spelling[first], _first_spelling[<int>first + 1]):
        spelling = &_spellings[k]
        if end - at > spelling.size and p[at + spelling.size] == c":":
            i = 1
            while i < spelling.size and _fold[p[at + i]] == spelling.octets[i]:
                i += 1
            if i == spelling.size:
                behind[0] = at + spelling.size + 1
                return spelling.meaning
    return NO_KEY


cdef int _added_key(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, int32_t *behind) noexcept nogil:
    """OTHER_KEY if a key that the profile adds begins at `at`, else NO_KEY."""
    cdef int32_t size
    cdef int32_t i
    while more[0]:
        size = more[0]
        if end - at > size and p[at + size] == c":":
            i = 0
            while i < size and _fold[p[at + i]] == more[1 + i]:
                i += 1
            if i == size:
                behind[0] = at + size + 1
                return OTHER_KEY
        more += 1 + size
    return NO_KEY


cdef inline int _any_key(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, int32_t *behind) noexcept nogil:
    """The key that begins at `at`: a known one, OTHER_KEY or NO_KEY."""
    cdef int field
    if more is not NULL and _class[p[at]] & IS_WORD and _added_key(p, at, end, more, behind) == OTHER_KEY:
        field = _known_key(p, at, end, behind)
        return OTHER_KEY if field == NO_KEY else field
    if not _class[p[at]] & IS_LETTER:
        return NO_KEY
    field = _known_key(p, at, end, behind)
    if field != NO_KEY:
        return field
    at += 1
    while at < end and _class[p[at]] & IS_WORD:
        at += 1
    if at < end and p[at] == c":":
        behind[0] = at + 1
        return OTHER_KEY
    return NO_KEY


cdef inline int _read_value(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, Value *value) noexcept nogil:
    """Find the value behind a colon at `at`; returns the key that ends it, NO_KEY at the end of the text."""
    cdef int field
    cdef int32_t start = at
    while at < end and _class[p[at]] & IS_SPACE:
        at += 1
    value.start = value.word = value.end = value.key = value.behind = at
    if at == end:
        return NO_KEY
    if at > start:                         # a key follows white space: `sub: stat:` has an empty value, `stat:RT:0148` one value
        field = _any_key(p, at, end, more, &value.behind)
        if field != NO_KEY:
            value.key = at
            return field
    while True:
        while at < end and not _class[p[at]] & IS_SPACE:
            at += 1
        if value.word == value.start:
            value.word = at
        value.end = at
        while at < end and _class[p[at]] & IS_SPACE:
            at += 1
        if at == end:
            return NO_KEY
        field = _any_key(p, at, end, more, &value.behind)
        if field != NO_KEY:
            value.key = at
            return field


cdef inline int _first_key(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, int32_t *key, int32_t *behind) noexcept nogil:
    """The first known key; it may follow any character that is of no word: `SMSAlert^id:`, never `paid:`."""
    cdef int field
    while at < end:
        if _class[p[at]] & IS_WORD:
            field = _known_key(p, at, end, behind)
            if field == NO_KEY and more is not NULL:
                field = _added_key(p, at, end, more, behind)
            if field != NO_KEY:
                key[0] = at
                return field
            while at < end and _class[p[at]] & IS_WORD:
                at += 1
        else:
            at += 1
    return NO_KEY


cdef inline void _scan(const uint8_t *p, int32_t start, int32_t end, const uint8_t *more, Spans *spans) noexcept nogil:
    """Find every value of the text p[start:end]."""
    cdef int field
    cdef int next_field
    cdef int32_t behind
    cdef Value value
    for field in range(KNOWN):
        spans.fields[field].start = -1
    spans.first = -1
    spans.others = 0
    while end > start and p[end - 1] == 0:
        end -= 1
    spans.limit = end
    field = _first_key(p, start, end, more, &spans.first, &behind)
    while field != NO_KEY:
        if field == TEXT:                  # greedy and last
            spans.fields[TEXT].start = behind
            spans.fields[TEXT].end = end
            return
        next_field = _read_value(p, behind, end, more, &value)
        if field == OTHER_KEY:
            spans.others += 1
        elif spans.fields[field].start < 0:
            spans.fields[field].start = value.start
            spans.fields[field].end = value.word if _one_word[field] else value.end
        field = next_field
        behind = value.behind


# The same for a profile without keys of its own, where the compiler leaves out every look at them, and for one with.

cdef int read_value(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, Value *value) noexcept nogil:
    return _read_value(p, at, end, NULL, value) if more is NULL else _read_value(p, at, end, more, value)


cdef int first_key(const uint8_t *p, int32_t at, int32_t end, const uint8_t *more, int32_t *key, int32_t *behind) noexcept nogil:
    return _first_key(p, at, end, NULL, key, behind) if more is NULL else _first_key(p, at, end, more, key, behind)


cdef void scan(const uint8_t *p, int32_t start, int32_t end, const uint8_t *more, Spans *spans) noexcept nogil:
    if more is NULL:
        _scan(p, start, end, NULL, spans)
    else:
        _scan(p, start, end, more, spans)


cdef int _exact_state(const uint8_t *p, int32_t size) noexcept nogil:
    """The state of a word of the table, -1 if it is none."""
    cdef int k
    cdef int32_t i
    for k in range(_n_words):
        if _words[k].size == size and _fold[p[0]] == _words[k].octets[0]:
            i = 1
            while i < size and _fold[p[i]] == _words[k].octets[i]:
                i += 1
            if i == size:
                return _words[k].meaning
    return -1


cdef bint _is_near(const uint8_t *p, int32_t size, const Word *word) noexcept nogil:
    """Whether one letter changed, missing or extra makes p[0:size] the word."""
    cdef int32_t i = 0
    cdef int32_t from_word
    if size < word.size - 1 or size > word.size + 1:
        return False
    while i < size and i < word.size and _fold[p[i]] == word.octets[i]:
        i += 1
    from_word = i
    if size >= word.size:
        i += 1
    if word.size >= size:
        from_word += 1
    while i < size and from_word < word.size and _fold[p[i]] == word.octets[from_word]:
        i += 1
        from_word += 1
    return i >= size and from_word >= word.size


cdef int _near_state(const uint8_t *p, int32_t size) noexcept nogil:
    """The one state whose words are one letter away, -1 if there is none or more than one."""
    cdef int k
    cdef int state = -1
    if size < _repair_from:
        return -1
    for k in range(_n_words):
        if _is_near(p, size, &_words[k]):
            if state >= 0 and state != _words[k].meaning:
                return -1
            state = _words[k].meaning
    return state


cdef int read_state(const uint8_t *p, int32_t size, bint *repaired) noexcept nogil:
    """The number of the state that a word means, -1 if none; `repaired` if it is one letter off."""
    cdef int state = _exact_state(p, size)
    repaired[0] = False
    if state < 0:
        state = _near_state(p, size)
        repaired[0] = state >= 0
    return state


cdef inline int _digits(const uint8_t *p, int count) noexcept nogil:
    cdef int number = 0
    cdef int i
    for i in range(count):
        number = number * 10 + p[i] - c"0"
    return number


cdef bint read_date(const uint8_t *p, int32_t size, Moment *moment) noexcept nogil:
    """Whether p[0:size] is a date of one of the widths; nothing is guessed from another width."""
    cdef int32_t i
    cdef int days
    if size < 0 or size > MAX_DATE or _year_digits[size] == 0:
        return False
    for i in range(size):
        if not c"0" <= p[i] <= c"9":
            return False
    i = _year_digits[size]
    moment.year = _digits(p, i) + (2000 if i == 2 else 0)
    moment.month = _digits(p + i, 2)
    moment.day = _digits(p + i + 2, 2)
    moment.hour = _digits(p + i + 4, 2)
    moment.minute = _digits(p + i + 6, 2)
    moment.second = _digits(p + i + 8, 2) if _has_seconds[size] else 0
    if moment.year == 0 or not 1 <= moment.month <= 12 or moment.hour > 23 or moment.minute > 59 or moment.second > 59:
        return False
    days = _month_days[moment.month]
    if moment.month == 2 and moment.year % 4 == 0 and (moment.year % 100 != 0 or moment.year % 400 == 0):
        days = 29
    return 1 <= moment.day <= days


cdef bint looks_like_receipt(const uint8_t *p, const Spans *spans) noexcept nogil:
    """Whether an unflagged text is a receipt: an id, an exact state word, and a third key that only receipts have."""
    cdef const Span *stat = &spans.fields[STAT]
    if spans.fields[ID].start < 0 or spans.fields[ID].end == spans.fields[ID].start or stat.start < 0 or stat.end == stat.start:
        return False
    if (spans.fields[SUB].start < 0 and spans.fields[DLVRD].start < 0 and spans.fields[SUBMIT_DATE].start < 0
            and spans.fields[DONE_DATE].start < 0 and spans.fields[ERR].start < 0):
        return False
    return _exact_state(p + stat.start, stat.end - stat.start) >= 0


cdef bint begins_with_udh(const uint8_t *p, int32_t start, int32_t end) noexcept nogil:
    """Whether p[start:end] begins with a user data header; SMSCs set UDHI on receipts without one too. 3GPP TS 23.040 9.2.3.24.

    It does if elements fill it exactly, or if its length is an octet that no text begins with.
    """
    cdef int32_t stop
    cdef int32_t at = start + 1
    if at > end:
        return False
    stop = at + p[start]
    if stop > end:
        return False
    if p[start] < 0x20 and not _class[p[start]] & IS_SPACE:
        return True
    while at < stop:
        if stop - at < 2 or stop - at - 2 < p[at + 1]:
            return False
        at += 2 + p[at + 1]
    return True
