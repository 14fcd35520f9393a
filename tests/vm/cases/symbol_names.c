// SPDX-License-Identifier: GPL-2.0-only
/*
 * Correct: callbacks and readers with all sorts of symbols: cold, in a separate section, notrace,
 * weak, alias, very long, with a compiler's suffix, inline, __init, __exit.
 */
#include "case.h"

#define CALLBACK(name)                                                                             \
	name(struct rcu_head *rcu)                                                                 \
	{                                                                                          \
		kfree(container_of(rcu, struct object, rcu));                                      \
		atomic_inc(&run);                                                                  \
		asm volatile("# " #name);                                                          \
	}
#define LONG                                                                                       \
	free_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

void free_weak(struct rcu_head *rcu);
void free_real(struct rcu_head *rcu);
void free_alias(struct rcu_head *rcu) __alias(free_real);
void free_constprop(struct rcu_head *rcu) __asm__("free_name.constprop.0");
void free_isra(struct rcu_head *rcu) __asm__("free_name.isra.0");
void free_llvm(struct rcu_head *rcu) __asm__("free_name.llvm.123456");
void read_constprop(void) __asm__("read_name.constprop.0");

static void __cold CALLBACK(free_cold);
static void __section(".text.mine") CALLBACK(free_section);
static void notrace CALLBACK(free_notrace);
static void CALLBACK(LONG);
void __weak CALLBACK(free_weak);
void CALLBACK(free_real);
void CALLBACK(free_constprop);
void CALLBACK(free_isra);
void CALLBACK(free_llvm);

#define READER(name)                                                                               \
	name(void)                                                                                 \
	{                                                                                          \
		rcu_read_lock();                                                                   \
		atomic_inc(&sections);                                                             \
		rcu_read_unlock();                                                                 \
	}

static noinline void __cold READER(read_cold);
noinline void READER(read_constprop);
static noinline void notrace READER(read_notrace);
/* The kernel's inline implies notrace, even if gcc does not inline the function. */
static inline void READER(read_inline);
static void (*read_inline_pointer)(void) = read_inline;
static noinline void __init READER(read_init);
static noinline void __exit READER(read_exit);

static int __init symbol_names_init(void)
{
	object_queue(free_cold);
	object_queue(free_section);
	object_queue(free_notrace);
	object_queue(LONG);
	object_queue(free_weak);
	object_queue(free_real);
	object_queue(free_alias);
	object_queue(free_constprop);
	object_queue(free_isra);
	object_queue(free_llvm);
	object_queue(object_free);
	read_cold();
	read_constprop();
	read_notrace();
	READ_ONCE(read_inline_pointer)();
	read_init();
	return 0;
}

static void __exit symbol_names_exit(void)
{
	read_exit();
	rcu_barrier();
	log_counts();
}

CASE(symbol_names_init, symbol_names_exit, "Symbols of every sort");
