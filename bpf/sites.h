/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The probed instructions ("sites") of followed modules. */
#ifndef RCUSCOPE_SITES_H
#define RCUSCOPE_SITES_H

#include "emit.h"

static __always_inline void rs_site_reached(__u64 address, __u16 flags)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_site *record;

	if (!cpu)
		return;
	rs_hit(flags & RS_SITE_RETURN ? RS_COUNT_SITE_RETURN : RS_COUNT_SITE);
	record = rs_begin(rs_site, cpu, RS_SITE, flags);
	if (!record)
		return;
	record->address = address;
	rs_send(record);
}

/*
 * All probed instructions of followed modules share this program; the address identifies the site.
 */
SEC("kprobe")
int site_kprobe(struct pt_regs *ctx)
{
	/* In a kprobe handler the instruction pointer is one byte past the address of the int3. */
	rs_site_reached(PT_REGS_IP(ctx) - 1, 0);
	return 0;
}

SEC("kretprobe")
int site_kretprobe(struct pt_regs *ctx)
{
	rs_site_reached(bpf_get_func_ip(ctx), RS_SITE_RETURN);
	return 0;
}

/* Instructions that leave a function. */
SEC("kprobe")
int site_left_kprobe(struct pt_regs *ctx)
{
	rs_site_reached(PT_REGS_IP(ctx) - 1, RS_SITE_RETURN);
	return 0;
}

#endif /* RCUSCOPE_SITES_H */
