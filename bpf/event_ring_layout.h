/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a CPU's ring of records lies in memory: event_ring.h says why. */
#ifndef RCUSCOPE_EVENT_RING_LAYOUT_H
#define RCUSCOPE_EVENT_RING_LAYOUT_H

#include "wire.h"

/* Before each record. */
struct rs_ring_header {
	rs_u64 size; /* of the record; 0: it is not whole */
};

#define RS_RING_ALIGN	 8ULL
#define RS_SEGMENT_BYTES 65536ULL
/* Of a record, with its header. */
#define RS_MOST_IN_RING	 (sizeof(struct rs_ring_header) + sizeof(struct rs_gp_sample))
/* Where a record can begin in a segment. */
#define RS_LAST_OFFSET	 (RS_SEGMENT_BYTES - RS_MOST_IN_RING)

/* What a record of `size` takes. */
static inline rs_u64 rs_ring_bytes_of(rs_u64 size)
{
	return (sizeof(struct rs_ring_header) + size + RS_RING_ALIGN - 1) & ~(RS_RING_ALIGN - 1);
}

/* Where the next record begins if one ends at this position. */
static inline rs_u64 rs_ring_next(rs_u64 position)
{
	if ((position & (RS_SEGMENT_BYTES - 1)) > RS_LAST_OFFSET)
		position = (position | (RS_SEGMENT_BYTES - 1)) + 1;
	return position;
}

struct rs_segment {
	rs_u64 words[RS_SEGMENT_BYTES / 8];
};

struct rs_ring {
	rs_u64 head;
	rs_u32 first_segment; /* of this CPU's; user space sets it */
	rs_u32 reserved;
	rs_u64 unused[6];
	/* Written by user space: in another cache line. */
	rs_u64 tail;
	rs_u64 wake_at; /* whoever moves the head past that wakes user space */
	rs_u64 unused_too[6];
};
RS_ASSERT_SIZE(rs_ring, 128);

#endif /* RCUSCOPE_EVENT_RING_LAYOUT_H */
