/** Stands where something secret is. What comes back as this is what is there already. */
export const MASK = '*****'
