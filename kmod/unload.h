/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a module's exit deals with RCU callbacks that are pending, as the
 * parameter unload= says:
 *
 *   none         not at all: a callback may run when its code is gone
 *   barrier      rcu_barrier()
 *   synchronize  none is ever pending: who would queue one waits with
 *                synchronize_rcu() and frees
 *   modref       each pending callback holds a reference to the module, so rmmod
 *                fails with EAGAIN ("in use") until the last one has run
 *   counter      the exit waits until as many have run as were queued
 *
 * What is called here is to be seen as called by the module's function that
 * meant it, so that a trace names that one: hence __always_inline.
 */
#ifndef COMPANION_UNLOAD_H
#define COMPANION_UNLOAD_H

#include <linux/completion.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "choice.h"

enum unload_mode {
	UNLOAD_NONE,
	UNLOAD_BARRIER,
	UNLOAD_SYNCHRONIZE,
	UNLOAD_MODREF,
	UNLOAD_COUNTER,
};

static const char *const unload_words[] = {
	[UNLOAD_NONE] = "none",
	[UNLOAD_BARRIER] = "barrier",
	[UNLOAD_SYNCHRONIZE] = "synchronize",
	[UNLOAD_MODREF] = "modref",
	[UNLOAD_COUNTER] = "counter",
};

static struct choice unload = {
	.words = unload_words,
	.nr_words = ARRAY_SIZE(unload_words),
	.chosen = UNLOAD_BARRIER,
};
module_param_cb(unload, &choice_ops, &unload, 0444);
MODULE_PARM_DESC(unload, "none (a bug), barrier (default), synchronize, modref or counter");

/* For unload=counter. One more than are pending: the last one is dropped by the exit. */
static refcount_t unload_pending = REFCOUNT_INIT(1);
static DECLARE_COMPLETION(unload_all_run);

/*
 * False if nothing was queued and the caller has to wait with synchronize_rcu()
 * instead: because it was told so, or because rmmod has begun, after which
 * there is no reference to the module to be had.
 */
static __always_inline bool unload_call_rcu(struct rcu_head *rcu, rcu_callback_t callback)
{
	switch (unload.chosen) {
	case UNLOAD_SYNCHRONIZE:
		return false;
	case UNLOAD_MODREF:
		if (!try_module_get(THIS_MODULE))
			return false;
		break;
	case UNLOAD_COUNTER:
		refcount_inc(&unload_pending);
		break;
	default:
		break;
	}
	call_rcu(rcu, callback);
	return true;
}

/*
 * The last that a callback does. From here on the module may be unloaded, and
 * the way back to RCU is still its code; it stays long enough because
 * free_module() waits for a grace period of its own, which no callback
 * outlasts: callbacks run with bottom halves disabled.
 */
static __always_inline void unload_callback_done(void)
{
	switch (unload.chosen) {
	case UNLOAD_MODREF:
		module_put(THIS_MODULE);
		break;
	case UNLOAD_COUNTER:
		if (refcount_dec_and_test(&unload_pending))
			complete(&unload_all_run);
		break;
	default:
		break;
	}
}

/* For the exit, when nobody can queue any more. */
static __always_inline void unload_wait(void)
{
	switch (unload.chosen) {
	case UNLOAD_BARRIER:
		rcu_barrier();
		break;
	case UNLOAD_COUNTER:
		if (!refcount_dec_and_test(&unload_pending))
			wait_for_completion(&unload_all_run);
		break;
	default:
		break;
	}
}

#endif
