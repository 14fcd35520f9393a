/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory layout of a CPU's ring of records. event_ring.h explains the protocol. */
#ifndef RCUSCOPE_EVENT_RING_LAYOUT_H
#define RCUSCOPE_EVENT_RING_LAYOUT_H

#include "wire.h"

/* Precedes each record. */
struct rs_ring_header {
	rs_u64 size; /* size of the record in bytes; 0: the record is incomplete */
};

#define RS_RING_ALIGN	 8ULL
#define RS_SEGMENT_BYTES 65536ULL
/* Maximum size of a record with its header. */
#define RS_MOST_IN_RING	 (sizeof(struct rs_ring_header) + sizeof(struct rs_gp_sample))
/* Highest offset in a segment at which a record may begin. */
#define RS_LAST_OFFSET	 (RS_SEGMENT_BYTES - RS_MOST_IN_RING)

/* Bytes that a record of `size` occupies in the ring. */
static inline rs_u64 rs_ring_bytes_of(rs_u64 size)
{
	return (sizeof(struct rs_ring_header) + size + RS_RING_ALIGN - 1) & ~(RS_RING_ALIGN - 1);
}

/* Position of the next record after one that ends at `position`. */
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
	rs_u32 first_segment; /* first segment of this CPU; set by user space */
	rs_u32 reserved;
	rs_u64 unused[6];
	/* User space writes these, so they have a cache line of their own. */
	rs_u64 tail;
	rs_u64 wake_at; /* the program that moves head past this position wakes user space */
	rs_u64 unused_too[6];
};
RS_ASSERT_SIZE(rs_ring, 128);

#endif /* RCUSCOPE_EVENT_RING_LAYOUT_H */
