// SPDX-License-Identifier: GPL-2.0-only
/* The exit function kills a percpu_ref and sleeps until its release function has been called. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/percpu-refcount.h>

#include "case.h"

static DECLARE_COMPLETION(released);
static struct percpu_ref ref;

static void release(struct percpu_ref *unused)
{
	atomic_inc(&run);
	complete(&released);
}

static int __init percpu_ref_no_wait_init(void)
{
	return percpu_ref_init(&ref, release, 0, GFP_KERNEL);
}

static void __exit percpu_ref_no_wait_exit(void)
{
	percpu_ref_kill(&ref);
#ifdef FIXED
	wait_for_completion(&released);
#else
	while (!atomic_read(&run))
		msleep(10);
#endif
	percpu_ref_exit(&ref);
	log_counts();
}

CASE(percpu_ref_no_wait_init, percpu_ref_no_wait_exit, "percpu_ref_kill() and a sleep");
