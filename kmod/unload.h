/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a module's exit handles pending RCU callbacks, as set by the parameter unload=:
 *
 *   none         it does not: a callback may run after its code is freed
 *   barrier      it calls rcu_barrier()
 *   synchronize  no callback is ever pending: code that would queue one calls
 *                synchronize_rcu() and frees the object
 *   modref       each pending callback holds a reference to the module, so rmmod
 *                fails with EAGAIN ("in use") until the last one has run
 *   counter      the exit waits until all queued callbacks have run
 *
 * A trace should show these calls as made by the module's function that needs them. The functions
 * are therefore __always_inline.
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

/* For unload=counter: number of pending callbacks plus one. The exit drops the extra one. */
static refcount_t unload_pending = REFCOUNT_INIT(1);
static DECLARE_COMPLETION(unload_all_run);

/*
 * Returns false if nothing was queued and the caller must wait with synchronize_rcu() instead.
 * Reasons: unload=synchronize, or rmmod has begun, after which the module gives no more references.
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
 * The last call in a callback. From here on the module may be unloaded, although the return to RCU
 * is still module code. That code exists long enough: free_module() waits for a grace period of its
 * own, and callbacks run with bottom halves disabled, so none outlasts that grace period.
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

/* For the exit, when nothing can queue callbacks any more. */
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
