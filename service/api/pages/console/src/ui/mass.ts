// Masses as the API states them.

/** Grams as tonnes, without a floating-point number. */
export const tonnesOf = (grams: bigint) => {
  const text = grams.toString().padStart(7, "0");
  return { tonnes: `${text.slice(0, -6)}.${text.slice(-6)}` };
};
