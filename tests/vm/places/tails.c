// SPDX-License-Identifier: BSD-2-Clause
/* Functions that are entered and left in unusual ways; each is called 10 times. */
#include <linux/sched.h>

#include "places.h"

static noinline __noclone unsigned long places_inner(unsigned long x)
{
	WRITE_ONCE(calls, calls + 1);
	return x + READ_ONCE(calls);
}

/* Its last call is a tail call. */
static noinline __noclone unsigned long places_tail(unsigned long x)
{
	WRITE_ONCE(calls, calls + 1);
	return places_inner(x * 3);
}

/* Is called 10 times from outside and calls itself 4 times for each of these. */
static noinline __noclone unsigned long places_recursive(unsigned long x)
{
	unsigned long below = 1;

	WRITE_ONCE(calls, calls + 1);
	if (x > 0)
		below = places_recursive(x - 1) * 3;
	WRITE_ONCE(sections, sections + 1);
	return below + x;
}

/* The task sleeps within the function. */
static noinline __noclone unsigned long places_sleep(unsigned long x)
{
	WRITE_ONCE(calls, calls + 1);
	schedule_timeout_uninterruptible(2);
	return x + READ_ONCE(calls);
}

/* The function consists of the loop only. */
static noinline __noclone void places_loop(unsigned long *from, unsigned long until)
{
	do {
		(*from)++;
	} while (READ_ONCE(*from) != until);
}

/* Calls through a pointer. */
static noinline __noclone unsigned long places_pointer(unsigned long (*function)(unsigned long),
						       unsigned long x)
{
	WRITE_ONCE(calls, calls + 1);
	return function(x);
}

static int __init tails_init(void)
{
	unsigned long sum = 0;
	unsigned long x;

	for (x = 0; x < 10; x++) {
		unsigned long from = x;

		sum += places_tail(x);
		sum += places_recursive(4);
		sum += places_sleep(x);
		places_loop(&from, x + 100);
		sum += places_pointer(places_inner, x);
	}
	return sum ? 0 : -EINVAL;
}

static void __exit tails_exit(void)
{
	log_counts();
}

PLACES(tails_init, tails_exit, "Functions that are left in unusual ways");
