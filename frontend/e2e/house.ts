// A studio for tests, with its real server on loopback: pia is its admin and has published a film in which ana holds a
// shot. Each person has a home of their own.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, freePort, type Program, scratchHome, start } from "./programs";

export const password = "a long password";

export type Person = {
  readonly env: { FRAMEHOLD_HOME: string; HOME: string };
  /** Runs a command; one line is its standard input. */
  readonly cli: (args: readonly string[], input?: string) => string;
};
export type House = {
  readonly url: string;
  /** Where people have their projects. */
  readonly films: string;
  readonly pia: Person;
  readonly ana: Person;
  /** pia's film. */
  readonly film: string;
  readonly down: () => Promise<void>;
  readonly up: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

export async function house(): Promise<House> {
  const home = scratchHome();
  const root = home.env.FRAMEHOLD_HOME;
  const [films, data] = [join(root, "films"), join(root, "studio")];
  const film = join(films, "pia");
  mkdirSync(films, { recursive: true });
  const person = (name: string): Person => {
    const env = { FRAMEHOLD_HOME: join(root, name), HOME: films };
    const cli = (args: readonly string[], input = ""): string => {
      const { status, stdout, stderr } = spawnSync(join(bin, "framehold-server"), [...args], {
        cwd: films,
        env: { ...process.env, ...env },
        input: `${input}\n`,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`${name}: ${args.join(" ")}: ${status}\n${stdout}${stderr}`);
      return stdout;
    };
    return { env, cli };
  };
  const [pia, ana] = [person("pia"), person("ana")];
  pia.cli(["profile", "--username", "pia", "--name", "Pia Lindqvist"]);
  ana.cli(["profile", "--username", "ana", "--name", "Ana Reyes"]);
  pia.cli(["studio", "init", "--data", data, "--admin", "pia", "--password-stdin"], password);
  pia.cli(["studio", "user", "add", "ana", "--data", data, "--password-stdin"], password);
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;
  let server: Program | undefined;
  const up = async () => {
    server = await start("framehold-server", ["studio", "serve", "--data", data, "--listen", listen]);
  };
  const down = async () => server?.stop();
  await up();
  pia.cli(["init", film, "--name", "Northbound"]);
  writeFileSync(join(film, "shot_020.blend"), "one");
  const of = ["--project", film];
  pia.cli(["member", "add", "ana", ...of]);
  pia.cli(["add", join(film, "shot_020.blend"), "--task", "--assign", "ana", "-m", "first", ...of]);
  pia.cli(["login", url, "--username", "pia", "--password-stdin"], password);
  pia.cli(["publish", url, "--yes", ...of]);
  const remove = async () => {
    await down();
    home.remove();
  };
  return { url, films, pia, ana, film, down, up, remove };
}
