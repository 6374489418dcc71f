/** Meanwhile, each save of the model's documents fails because another change was first. */
export async function whileRacesAreLost(
  model: { prototype: object },
  act: () => Promise<unknown>,
): Promise<void> {
  const lost = Object.assign(new Error("No matching document"), { name: "VersionError" });
  const save = jest.spyOn(model.prototype as { save(): Promise<void> }, "save").mockRejectedValue(lost);
  try {
    await act();
  } finally {
    save.mockRestore();
  }
}
