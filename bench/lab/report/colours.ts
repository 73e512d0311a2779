/** Told apart by people who see red and green as one; each with what it becomes on a dark page. */
export const COLOURS = {
  blue: { name: 'blue', light: '#1d5fa9', dark: '#77b5fb' },
  sky: { name: 'sky', light: '#6aa5dd', dark: '#4579ad' },
  teal: { name: 'teal', light: '#1d8577', dark: '#4cc0ae' },
  amber: { name: 'amber', light: '#cf8a0b', dark: '#e5ab45' },
  red: { name: 'red', light: '#c5322a', dark: '#ff7a6e' },
  violet: { name: 'violet', light: '#7650b0', dark: '#b79bee' },
  slate: { name: 'slate', light: '#b3bdc9', dark: '#566475' },
} as const satisfies Record<string, { name: string; light: string; dark: string }>

export type ColourName = keyof typeof COLOURS
export type Colour = (typeof COLOURS)[ColourName]
