"""Layer 3 of 9: the slow, complete look at a PDU: where its fields end although something is broken, and every finding."""

from .layout cimport Anchors, Layout
from .tlv cimport Rules

# Fills `anchors` as far as the octets allow; returns the findings, None where there are none.
cdef list examine(const Layout *layout, object row, bytes octets, Rules rules, Anchors *anchors)
