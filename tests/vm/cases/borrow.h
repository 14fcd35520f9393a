/* SPDX-License-Identifier: GPL-2.0-only */
/* The callback that callback_owner exports; its FIXED variant has another name. */
#ifndef CASES_BORROW_H
#define CASES_BORROW_H

#include <linux/types.h>

#ifdef FIXED
#define BORROWED_CALLBACK borrowed_callback_fixed
#else
#define BORROWED_CALLBACK borrowed_callback
#endif

void BORROWED_CALLBACK(struct rcu_head *rcu);

#endif
