// SPDX-License-Identifier: BSD-2-Clause
/* 512 read-side sections in one function. */
#include "places.h"

#define SECTION(n)                                                                                 \
	rcu_read_lock();                                                                           \
	WRITE_ONCE(sections, sections + 1);                                                        \
	rcu_read_unlock();

static noinline __noclone void places_read(void)
{
	WRITE_ONCE(calls, calls + 1);
	TIMES_64(SECTION, 0)
	TIMES_64(SECTION, 1)
	TIMES_64(SECTION, 2)
	TIMES_64(SECTION, 3)
	TIMES_64(SECTION, 4)
	TIMES_64(SECTION, 5)
	TIMES_64(SECTION, 6)
	TIMES_64(SECTION, 7)
}

static int __init many_readers_init(void)
{
	places_read();
	return 0;
}

static void __exit many_readers_exit(void)
{
	objects_queue(7);
	log_counts();
}

PLACES(many_readers_init, many_readers_exit,
       "Many read-side sections, and callbacks queued at exit");
