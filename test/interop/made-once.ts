// What is made once of the same arguments, however many ask for it at a time: compiled programs, installed clients.

export function madeOnce<Args extends readonly unknown[], Made>(make: (...args: Args) => Promise<Made>): (...args: Args) => Promise<Made> {
  const made = new Map<string, Promise<Made>>();
  return (...args) => {
    const key = JSON.stringify(args);
    const making = made.get(key) ?? make(...args);
    made.set(key, making);
    return making;
  };
}
