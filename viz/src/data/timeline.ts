// SPDX-License-Identifier: BSD-2-Clause
//
// The types of the JSON timeline (docs/timeline.schema.json), only the members that the page uses. Times are
// nanoseconds since the start of the recording. null: not known. Optional members are missing in timelines that earlier
// versions of rcuscope wrote.

export type Time = number;
export type MaybeTime = number | null;

export interface Loss {
  cpu: number | null; // null: programs of the hook were skipped
  hook?: string | null;
  from_ns: Time;
  to_ns: Time;
  count: number;
}

export interface Task {
  tid: number;
  tgid: number;
  comm: string;
  kthread: boolean;
}

export interface Module {
  name: string;
  followed: boolean;
  loaded_ns: MaybeTime;
  init_done_ns: MaybeTime;
  init_error: number | null;
  exit_ns: MaybeTime;
  exit_done_ns: MaybeTime;
  free_begin_ns: MaybeTime;
  freed_ns: MaybeTime;
  pending_at_exit: number | null;
  pending_at_free: number | null;
  pending_at_freed: number | null;
  verdict: string | null;
}

export interface QuiescentState {
  at_ns: Time;
  kind: 'self' | 'scan' | 'init' | 'other';
  cpus: number[];
  last: boolean;
  blocked_readers: boolean;
}

export interface Holder {
  kind: 'unknown' | 'read-section' | 'preempted-reader' | 'busy-cpu' | 'idle-cpu' | 'gp-kthread';
  cpu: number | null;
  tid: number | null;
  comm: string | null;
  function: string | null;
  held_ns: number;
  stack: string[];
  text: string;
  read_section?: number | null; // index in read_sections
  quiescent_state?: number | null; // index in the grace period's quiescent_states
}

export interface GracePeriod {
  id: number;
  expedited: boolean;
  gp_seq: number;
  requested_ns: MaybeTime;
  began_before: boolean;
  start_ns: MaybeTime;
  start_uncertainty_ns: number;
  end_ns: MaybeTime;
  cleaned_ns: MaybeTime;
  scans: number;
  first_scan_ns: MaybeTime;
  quiescent_states: QuiescentState[];
  preempted_readers: { at_ns: Time; tid: number; comm: string; on_lock?: boolean; boosted?: boolean }[];
  busy_cpus: { at_ns: Time; cpu: number; tid: number; comm: string; stack: string[] }[];
  held_by: Holder | null;
  released_callbacks?: number;
}

export interface ReadSection {
  tid: number;
  comm: string;
  cpu: number;
  begin_ns: Time;
  end_ns: MaybeTime;
  ended_by_ns?: MaybeTime;
  function: string;
  module: string | null;
  place: string | null;
  nesting: number;
  by: 'rcu_read_lock' | 'function';
  left?: 'task-ended' | 'user-mode' | 'idle' | 'unseen-end' | null;
  off_cpu: { at_ns: Time; until_ns: MaybeTime; voluntary: boolean; lock?: boolean }[];
}

export type CallbackState = 'done' | 'pending' | 'unknown';

export interface Callback {
  id: number;
  function: string;
  module: string | null;
  caller: string | null;
  queued_ns: Time;
  queued_cpu: number;
  queued_tid: number;
  queued_comm: string;
  invoked_ns: MaybeTime;
  done_ns: MaybeTime;
  invoked_cpu: number | null;
  context: string | null;
  grace_period: number | null;
  state: CallbackState;
  lazy: boolean;
  stack: number | null; // index in stacks
  queued_context: string | null;
}

export interface Batch {
  cpu: number;
  list_cpu: number;
  tid: number;
  context: string | null;
  begin_ns: Time;
  end_ns: MaybeTime;
  callbacks: number;
}

export interface Wait {
  kind: 'synchronize_rcu' | 'synchronize_rcu_expedited' | 'rcu_barrier';
  tid: number;
  comm: string;
  caller: string | null;
  expedited: boolean;
  begin_ns: Time;
  end_ns: MaybeTime;
  stack: number | null; // index in stacks
}

export interface Hazard {
  kind: string;
  severity: 'fatal' | 'latent' | 'warning';
  module: string | null;
  at_ns: Time;
  callbacks: number[];
  read_sections: number[];
  text: string;
  life?: number | null; // index in modules
  from_ns?: MaybeTime;
  to_ns?: MaybeTime;
}

export interface BacklogSeries {
  of: 'all' | 'module';
  module: string | null;
  max: number;
  max_ns: MaybeTime;
  begin_ns: Time[];
  pending: number[];
  unknown: number[];
}

// The timeline without its callbacks. These can be very many and are stored in columns (callbacks.ts).
export interface Timeline {
  schema: string;
  host: { kernel: string; machine: string; cpus: number; preempt_rcu: boolean };
  capture: {
    end_ns: Time;
    complete: boolean;
    end_reason: string;
    command: string[];
    followed: string[];
    all_callbacks: boolean;
    missing: { hook: string; why: string }[];
    lost: Loss[];
  };
  tasks: Task[];
  modules: Module[];
  grace_periods: GracePeriod[];
  read_sections: ReadSection[];
  batches: Batch[];
  waits: Wait[];
  hazards: Hazard[];
  stacks: (string | null)[][]; // the caller first
  backlogs?: BacklogSeries[];
}
