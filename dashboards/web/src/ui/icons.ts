/** Icons of our own, drawn on a 16 px grid with a 1.5 px line. */

type Shape = readonly ['path' | 'circle' | 'rect', Readonly<Record<string, string | number>>]

const path = (d: string, strokeWidth?: number): Shape => [
  'path',
  strokeWidth === undefined ? { d } : { d, 'stroke-width': strokeWidth },
]
const circle = (cx: number, cy: number, r: number): Shape => ['circle', { cx, cy, r }]
const rect = (x: number, y: number, width: number, height: number, rx: number): Shape => [
  'rect',
  { x, y, width, height, rx },
]

const HANDSET =
  'M3.1 3.8 4.8 3.3l1.5 2.7-1.2 1.1a7 7 0 0 0 3.8 3.8l1.1-1.2 2.7 1.5-.5 1.7c-.2.6-.7.9-1.3.8A10 10 0 0 1 2.3 5.1c-.1-.6.2-1.1.8-1.3z'
const DIAL = circle(8, 8, 6)
const CALENDAR: readonly Shape[] = [rect(2, 3, 12, 11, 1.7), path('M2 6.5h12M5.2 1.6V4M10.8 1.6V4')]

export const ICONS = {
  bell: [
    path('M8 1.8v1.1M3.4 11.2c1-.9 1.3-2 1.3-4.2a3.3 3.3 0 0 1 6.6 0c0 2.2.3 3.3 1.3 4.2z'),
    path('M6.6 13.3a1.5 1.5 0 0 0 2.8 0'),
  ],
  ringing: [path(HANDSET), path('M9.5 2a4.5 4.5 0 0 1 4.5 4.5M9.5 4.6a1.9 1.9 0 0 1 1.9 1.9')],
  handset: [
    path(
      'M3.1 2.8 5 2.3l1.7 3-1.3 1.2a8 8 0 0 0 4.1 4.1l1.2-1.3 3 1.7-.5 1.9c-.2.7-.8 1.1-1.5 1A11 11 0 0 1 2.1 4.3c-.1-.7.3-1.3 1-1.5z',
    ),
  ],
  'call-in': [path(HANDSET), path('M14 2l-4 4M10 3v3h3')],
  'call-out': [path(HANDSET), path('M10 6l4-4M11 2h3v3')],
  'call-lost': [path(HANDSET), path('m10.3 2.5 3.4 3.4M13.7 2.5l-3.4 3.4')],
  'call-elsewhere': [path(HANDSET), path('M9.8 4.2H14M12.2 2.4 14 4.2 12.2 6')],
  'hang-up': [
    path(
      'M1.8 9.6c-.3-.5-.2-1.1.2-1.5a9 9 0 0 1 12 0c.4.4.5 1 .2 1.5l-.8 1.2-2.9-1V7.9a8 8 0 0 0-5 0v1.9l-2.9 1z',
    ),
  ],
  today: [...CALENDAR, path('m5.5 10.2 1.7 1.6 3.2-3.2')],
  calendar: CALENDAR,
  late: [DIAL, path('M8 4.3v4M8 11h.01', 1.8)],
  due: [path('M13.7 6A6 6 0 1 0 14 8.5'), path('M8 4.7V8l2 1.5M14 3v3h-3')],
  clock: [DIAL, path('M8 4.5V8l2.3 1.7')],
  ok: [DIAL, path('m5.3 8.2 1.9 1.9 3.5-3.8')],
  tail: [
    path('M2 12.5c2.5 0 3-2 3-4.5s1-4.5 3.5-4.5S12 5 12 6.5 11 9 9.7 9 8 8 8 7'),
    path('M11.5 12.5h2.5'),
  ],
  hold: [path('M5.5 3.5v9M10.5 3.5v9')],
  paused: [path('M3 6h8.5v4.5a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3zM11.5 7h1a1.5 1.5 0 0 1 0 4h-1M5.5 2v1.5M8.5 2v1.5')],
  offline: [path('M8 2v5.5M4.3 4.2a5.5 5.5 0 1 0 7.4 0')],
  pencil: [path('m10.8 2.7 2.5 2.5-7.6 7.6-3.2.7.7-3.2zM9.3 4.2l2.5 2.5')],
  warning: [path('M8 2.3 14.5 13.5h-13z'), path('M8 6.5v3.2M8 11.6h.01')],
  inbox: [
    path(
      'M2 9.5 3.8 3.6a1.5 1.5 0 0 1 1.4-1.1h5.6a1.5 1.5 0 0 1 1.4 1.1L14 9.5v2.5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 12z',
    ),
    path('M2 9.5h3.2c.4 1.3 1.5 2 2.8 2s2.4-.7 2.8-2H14'),
  ],
  people: [
    circle(6, 5.5, 2.5),
    path('M1.3 13.5c.4-2.5 2.3-3.8 4.7-3.8s4.3 1.3 4.7 3.8M10.5 3.2a2.5 2.5 0 0 1 0 4.6M12.3 10c1.3.5 2.1 1.7 2.4 3.5'),
  ],
  person: [circle(8, 5.2, 2.8), path('M2.5 14c.5-2.8 2.7-4.3 5.5-4.3s5 1.5 5.5 4.3')],
  'person-add': [
    circle(6, 5.4, 2.6),
    path('M1.2 13.6c.4-2.5 2.3-3.9 4.8-3.9s4.4 1.4 4.8 3.9M12.6 4.6v4.2M10.5 6.7h4.2'),
  ],
  link: [
    path('M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2.5-2.5a2.6 2.6 0 0 0-3.7-3.7l-.9.9'),
    path('M9.3 6.7a2.6 2.6 0 0 0-3.7 0L3.1 9.2a2.6 2.6 0 0 0 3.7 3.7l.9-.9'),
  ],
  deal: [rect(1.8, 5, 12.4, 8.5, 1.5), path('M5.5 5V3.6c0-.6.5-1.1 1.1-1.1h2.8c.6 0 1.1.5 1.1 1.1V5M1.8 9h12.4')],
  plane: [
    path(
      'M14 2c-.9-.9-2-.6-2.8.2L9 4.4 3 3 1.8 4.2l5 2.5-2.5 2.6-2-.3-.8.9 2.6 1.5 1.5 2.6.9-.8-.3-2 2.6-2.5 2.5 5L13 12.5l-1.4-5.6 2.2-2.2C14.6 3.9 14.9 2.9 14 2z',
    ),
  ],
  moon: [path('M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2z')],
  sun: [circle(8, 8, 2.8), path('M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9')],
  eye: [path('M1.5 8C3 5.2 5.3 3.8 8 3.8S13 5.2 14.5 8C13 10.8 10.7 12.2 8 12.2S3 10.8 1.5 8z'), circle(8, 8, 1.9)],
  screen: [rect(1.8, 3, 12.4, 8.5, 1.3), path('M5.5 14h5')],
  book: [
    path('M8 4C6.7 2.9 4.8 2.5 2 2.5v10c2.8 0 4.7.4 6 1.5 1.3-1.1 3.2-1.5 6-1.5v-10C11.2 2.5 9.3 2.9 8 4zM8 4v10'),
  ],
  keyboard: [rect(1.5, 4, 13, 8.5, 1.5), path('M4.2 6.8h.01M6.7 6.8h.01M9.3 6.8h.01M11.8 6.8h.01', 1.8), path('M5 9.8h6')],
  search: [circle(7, 7, 4.7), path('m10.5 10.5 3.5 3.5')],
  online: [path('M2 8.5a8.5 8.5 0 0 1 12 0M4.2 10.6a5.4 5.4 0 0 1 7.6 0'), path('M8 13h.01', 2)],
  more: [path('M3.5 8h.01M8 8h.01M12.5 8h.01', 2.2)],
  mail: [rect(1.8, 3.2, 12.4, 9.6, 1.5), path('m2.2 4.2 5.8 4.6 5.8-4.6')],
  telegram: [path('M14 2.5 1.8 7.3l3.9 1.5L12 4.8 7.3 10l4.1 3.3z'), path('M5.7 8.8V13l1.8-2')],
  chat: [
    path(
      'M2 4.2A1.7 1.7 0 0 1 3.7 2.5h8.6A1.7 1.7 0 0 1 14 4.2v5.6a1.7 1.7 0 0 1-1.7 1.7H7.5L4.5 14v-2.5h-.8A1.7 1.7 0 0 1 2 9.8z',
    ),
    path('M5 6h6M5 8.3h4'),
  ],
  note: [path('M4 1.8h5l3.5 3.5v8.9H4z'), path('M9 1.8v3.5h3.5')],
  star: [path('m8 2 1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.2l-3.7 2.1.8-4.1L2 6.3l4.2-.5z')],
  gift: [
    rect(2, 5.5, 12, 3, 0.8),
    path('M3 8.5v5.3h10V8.5M8 5.5v8.3M8 5.5S6.8 2 4.9 2.3C3.2 2.6 3.5 5.5 8 5.5zM8 5.5S9.2 2 11.1 2.3c1.7.3 1.4 3.2-3.1 3.2z'),
  ],
  shield: [path('M8 1.8 13 3.7v4c0 3.2-2.2 5.4-5 6.5-2.8-1.1-5-3.3-5-6.5v-4z'), path('m5.8 7.9 1.6 1.6 2.9-3.1')],
  gear: [
    circle(8, 8, 2.1),
    path('M8 1.7v1.7M8 12.6v1.7M1.7 8h1.7M12.6 8h1.7M3.5 3.5l1.2 1.2M11.3 11.3l1.2 1.2M3.5 12.5l1.2-1.2M11.3 4.7l1.2-1.2'),
  ],
  filter: [path('M2 4h12M4.5 8h7M6.5 12h3')],
  copy: [
    rect(5.5, 5.5, 8, 8.5, 1.3),
    path('M10.5 5.5V3.3c0-.7-.6-1.3-1.3-1.3H3.8c-.7 0-1.3.6-1.3 1.3v6.4c0 .7.6 1.3 1.3 1.3h1.7'),
  ],
  attach: [path('m13.2 7.5-5.5 5.5a3.2 3.2 0 0 1-4.6-4.6L9 2.6a2.1 2.1 0 0 1 3 3L6.3 11.3a1 1 0 0 1-1.5-1.5l5-5')],
  check: [path('m3 8.5 3.3 3.2L13 4.7')],
  'check-twice': [path('m1.5 8.5 3 3 6-6.5M7.5 11l.6.5L14.5 5')],
  close: [path('m4 4 8 8M12 4l-8 8')],
  plus: [path('M8 3.2v9.6M3.2 8h9.6')],
  minus: [path('M3.5 8h9')],
  up: [path('M8 13V3M4 7l4-4 4 4')],
  down: [path('m3.5 6 4.5 4.5L12.5 6')],
  right: [path('m6 3.5 4.5 4.5L6 12.5')],
  left: [path('M10 3.5 5.5 8l4.5 4.5')],
  play: [path('M5 3.2v9.6L12.5 8z')],
  'play-pause': [path('M5.5 3.5v9M10.5 3.5v9', 2)],
  grip: [path('M6 4h.01M6 8h.01M6 12h.01M10 4h.01M10 8h.01M10 12h.01', 2)],
  download: [path('M8 2.5v8M4.5 7.2 8 10.7l3.5-3.5M2.5 13.5h11')],
  undo: [path('M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6'), path('M5.5 4 3 6.5 5.5 9')],
  moved: [path('M3 5.5h9.5M10 3l2.5 2.5L10 8'), path('M3 11.5h6')],
  sound: [path('M2.5 6.2v3.6h2.3L8.3 13V3L4.8 6.2zM10.8 5.6a3.4 3.4 0 0 1 0 4.8M12.6 3.8a6 6 0 0 1 0 8.4')],
  mute: [path('M2.5 6.2v3.6h2.3L8.3 13V3L4.8 6.2zM10.8 6.2l3.4 3.6M14.2 6.2l-3.4 3.6')],
  leave: [path('M6.5 2.5H4A1.5 1.5 0 0 0 2.5 4v8A1.5 1.5 0 0 0 4 13.5h2.5M10 4.8 13.2 8 10 11.2M13 8H6')],
  globe: [DIAL, path('M2.2 8h11.6M8 2c2 1.7 2.9 3.7 2.9 6S10 12.3 8 14c-2-1.7-2.9-3.7-2.9-6S6 3.7 8 2z')],
} as const satisfies Readonly<Record<string, readonly Shape[]>>

export type IconName = keyof typeof ICONS
