/** One thing that was looked at for an operator. */
export interface Finding {
  /** A warning can be lived with; a problem keeps rooms from being served, or their messages from being safe. */
  readonly level: 'good' | 'warning' | 'problem'
  /** What was found and, unless it is good, what to do. No address, name or password. */
  readonly sentence: string
}

export const good = (sentence: string): Finding => ({ level: 'good', sentence })
export const warning = (sentence: string): Finding => ({ level: 'warning', sentence })
export const problem = (sentence: string): Finding => ({ level: 'problem', sentence })
