/** What workers and the host say to each other in frames. Both ends are one program, so no version is told. */
export const KIND = {
  // ── from a worker ──
  /** First on every connection: the launch, as JSON. */
  launch: 1,
  /** Whose process it goes to, a line end, the message. */
  post: 2,
  /** Path and query. */
  get: 3,
  delete: 4,
  /** Nothing more is wanted. */
  cancel: 5,
  /** So many more bytes of `data` may come (32 bits). */
  credit: 6,
  // ── from the host ──
  /** A whole JSON answer. */
  answer: 10,
  /** The answer follows as `data` until `end`: JSON, or an event stream. */
  json: 11,
  events: 12,
  data: 13,
  end: 14,
  /** There is no answer and will be none. */
  accepted: 15,
  /** Why there is no answer: the value of a header. */
  fault: 16,
  /** As `fault`, where it may have run. */
  late: 17,
  /** An event stream that has begun is broken off. */
  cut: 18,
} as const
export type Kind = (typeof KIND)[keyof typeof KIND]

/** How much `data` may be under way to a reader who has not said that he took it, for each exchange. */
export const WINDOW = 256 << 10
