// SPDX-License-Identifier: GPL-2.0-only
/* callback_borrower queues this module's callback, and this module does not wait for it. */
#include "borrow.h"
#include "case.h"

void BORROWED_CALLBACK(struct rcu_head *rcu)
{
	object_free(rcu);
}
EXPORT_SYMBOL_GPL(BORROWED_CALLBACK);

static int __init callback_owner_init(void)
{
	return 0;
}

static void __exit callback_owner_exit(void)
{
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(callback_owner_init, callback_owner_exit, "A callback that another module queues");
