// SPDX-License-Identifier: BSD-2-Clause
//
// Generates a recording with a given number of callbacks, in the layout that rcuscope writes. A test cannot record a
// million callbacks in reasonable time.
import { gzipSync } from 'node:zlib';

const GP = 8_000_000; // nanoseconds from one grace period to the next, and in which callbacks for one are queued

// A backlog of any shape, with as many points as rcuscope writes for so many callbacks.
function backlog(count: number, end: number): string {
  const points = Math.max(2048, Math.min(65536, Math.floor(count / 4)));
  const column = (value: (at: number) => number) => `[${Array.from({ length: points }, (_, at) => value(at)).join(',')}]`;
  return `{"of":"all","module":null,"max":5000,"max_ns":1000,"begin_ns":${column((at) => 1000 + Math.floor((at * (end - 1000)) / points))},"pending":${column((at) => 5000 - (at % 4999))},"unknown":${column(() => 0)}}`;
}

export function manyCallbacks(count: number): Buffer {
  const perGp = Math.max(10, Math.round(count / 600));
  const gps = Math.ceil(count / perGp);
  const end = (gps + 3) * GP;
  const lines: string[] = [];
  lines.push('{', '  "schema": "rcuscope.timeline/1",');
  lines.push('  "host": {"kernel":"6.1.0","machine":"x86_64","cpus":2,"hz":250,"preempt_rcu":true,"rcu_trace":false,"clock":"boottime"},');
  lines.push(`  "capture": {"start_ns":0,"end_ns":${end},"start_boottime_ns":1,"clocks":{"boottime_ns":1,"monotonic_ns":1,"realtime_ns":1},"complete":true,"end_reason":"made up","command":[],"command_status":null,"followed":["many"],"all_callbacks":true,"probes":[],"missing":[],"not_followed":[],"lost":[],"sequences_at_start":null,"sequences_at_end":null,"own_share":null,"recorder_cpu_ns":null,"programs":null},`);
  lines.push('  "tasks": [],', '  "modules": [],', '  "grace_periods": [');
  for (let gp = 0; gp < gps + 1; ++gp) {
    const start = gp * GP + 1000;
    lines.push(`    {"id":${gp + 1},"flavor":"rcu","expedited":false,"gp_seq":${4 * gp + 1},"requested_ns":null,"began_before":false,"start_ns":${start},"start_uncertainty_ns":900,"end_ns":${start + GP - 90_000},"cleaned_ns":${start + GP - 60_000},"scans":1,"first_scan_ns":${start + GP / 2},"quiescent_states":[{"at_ns":${start + GP / 3},"kind":"self","cpus":[0],"last":false,"blocked_readers":false},{"at_ns":${start + GP - 100_000},"kind":"scan","cpus":[1],"last":true,"blocked_readers":false}],"preempted_readers":[],"busy_cpus":[],"held_by":null}${gp < gps ? ',' : ''}`);
  }
  lines.push('  ],', '  "read_sections": [],', '  "callbacks": [');
  for (let i = 0; i < count; ++i) {
    const gp = Math.floor(i / perGp);
    const queued = gp * GP + 2000 + Math.floor(((i % perGp) / perGp) * (GP - 100_000));
    const start = (gp + 1) * GP + 1000;
    const ended = start + GP - 90_000;
    const invoked = ended + 70_000 + (i % perGp) * 500;
    lines.push(`    {"id":${i + 1},"function":"many:free_${i % 3}","module":"many","caller":"many:replace+0x${(i % 7).toString(16)}","queued_ns":${queued},"queued_cpu":${i % 2},"queued_tid":${100 + (i % 5)},"queued_comm":"writer/${i % 5}","invoked_ns":${invoked},"done_ns":${invoked + 400},"invoked_cpu":${i % 2},"context":"softirq","grace_period":${gp + 2},"state":"done","lazy":false,"shares":{"waiting_for_start_ns":${start - queued},"waiting_for_end_ns":${ended - start},"waiting_for_invocation_ns":${invoked - ended},"running_ns":400},"stack":null,"queued_context":"task"}${i + 1 < count ? ',' : ''}`);
  }
  lines.push('  ],', '  "batches": [],', '  "kvfree_calls": [],', '  "waits": [],', '  "function_calls": [],', '  "hazards": [],', '  "stacks": [],', '  "backlogs": [', `    ${backlog(count, end)}`, '  ]', '}', '');
  return gzipSync(lines.join('\n'), { level: 4 });
}

// Embeds a recording into the page in the same way as html.cpp.
export function pageWith(template: string, packed: Buffer): string {
  return template.replace('<!--recording-->', () => `<script id="recording" type="application/gzip">${packed.toString('base64')}</script>`);
}
