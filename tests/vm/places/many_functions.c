// SPDX-License-Identifier: BSD-2-Clause
/*
 * 40 functions, each with a read-side section and two returns. A page of the kernel's instruction
 * slots has room for all their probes.
 */
#include "places.h"

#define FUNCTION(n)                                                                                \
	static noinline __noclone unsigned long places_call_##n(unsigned long x)                   \
	{                                                                                          \
		WRITE_ONCE(calls, calls + 1);                                                      \
		if (READ_ONCE(x) & 1)                                                              \
			return READ_ONCE(calls) + n;                                               \
		rcu_read_lock();                                                                   \
		WRITE_ONCE(sections, sections + 1);                                                \
		rcu_read_unlock();                                                                 \
		return READ_ONCE(sections) * x;                                                    \
	}
#define FORTY(what)                                                                                \
	TIMES_8(what, 1)                                                                           \
	TIMES_8(what, 2)                                                                           \
	TIMES_8(what, 3)                                                                           \
	TIMES_8(what, 4)                                                                           \
	TIMES_8(what, 5)

FORTY(FUNCTION)

#define CALL(n) sum += places_call_##n(x);

static int __init many_functions_init(void)
{
	unsigned long sum = 0;
	unsigned long x;

	for (x = 0; x < 4; x++) {
		FORTY(CALL)
	}
	return sum ? 0 : -EINVAL;
}

static void __exit many_functions_exit(void)
{
	objects_queue(7);
	log_counts();
}

PLACES(many_functions_init, many_functions_exit, "Many functions, and callbacks queued at exit");
