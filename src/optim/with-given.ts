/** Defaults, and in their place what is given: an option that is given as undefined is not given. */
export const withGiven = <D extends object, G extends object>(defaults: D, given: G): D & G => {
  const options = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(options) as G) };
};
