// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues callback_owner's callback and is freed before it runs. Correct: the code is not its own.
 */
#include "borrow.h"
#include "case.h"

static int __init callback_borrower_init(void)
{
	return 0;
}

static void __exit callback_borrower_exit(void)
{
	int i;

	for (i = 0; i < 6; i++)
		object_queue(BORROWED_CALLBACK);
	log_counts();
}

CASE(callback_borrower_init, callback_borrower_exit, "Queues another module's callback");
