/** The name of a variant that is timed a second time: what differs from itself cannot be told from others. */
export const againName = (variant: string): string => `${variant} again`;
