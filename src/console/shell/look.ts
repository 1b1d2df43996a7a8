// Light or dark: as the system has it, or as it was chosen here.

const KEPT = "odradek-look";
const LOOKS = ["system", "light", "dark"] as const;
export type Look = (typeof LOOKS)[number];

export function keptLook(): Look {
  const kept = localStorage.getItem(KEPT);
  return LOOKS.find((look) => look === kept) ?? "system";
}

export function applyLook(look: Look): void {
  localStorage.setItem(KEPT, look);
  if (look === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = look;
}

export function nextLook(look: Look): Look {
  return LOOKS[(LOOKS.indexOf(look) + 1) % LOOKS.length] ?? "system";
}
