// What a bound method rejects with, as one shape: app.Error of Go. A desktop window gives it as an Error whose message
// is a JSON text, since Wails makes an Error of whatever it is handed.

export type Problem = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly reference: string;
};

const isProblem = (value: unknown): value is Partial<Problem> & Pick<Problem, "code" | "message"> =>
  typeof value === "object" && value !== null && "code" in value && "message" in value;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads anything that was thrown. What has no sentence of its own gets one that says what to do. */
export function toProblem(thrown: unknown): Problem {
  const said = typeof thrown === "string" ? thrown : thrown instanceof Error ? thrown.message : undefined;
  const value = said === undefined ? thrown : (parse(said) ?? said);
  if (isProblem(value)) {
    const { code, message, hint = "", reference = "" } = value;
    return { code, message, hint, reference };
  }
  if (thrown instanceof TypeError) {
    return {
      code: "unreachable",
      message: "Framehold does not answer.",
      hint: "Start it again and open the address that it prints. Nothing that was saved is lost.",
      reference: "",
    };
  }
  const text = typeof value === "string" ? value : thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "internal", message: text || "Something went wrong.", hint: "", reference: "" };
}
