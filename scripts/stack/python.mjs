import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installEnvironment } from './install-environment.mjs';
import { UserError } from './user-error.mjs';

const run = promisify(execFile);
const candidates = [
  'python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python',
];
const probe =
  'import json, sys, sysconfig, importlib.util as u;' +
  'print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:3]),' +
  ' "sitePackages": sysconfig.get_path("purelib"), "hasPip": u.find_spec("ensurepip") is not None}))';

/** LiteLLM's wheel: Requires-Python >=3.10,<3.15. */
export function isSupportedPython([major, minor]) {
  return major === 3 && minor >= 10 && minor < 15;
}

/** The first usable Python. Each is really started: a name on PATH may be a version manager's shim that leads nowhere. */
export async function findPython(settings) {
  const names = settings.given.python ? [settings.given.python] : candidates;
  const found = [];
  for (const name of names) {
    const python = await askPython(name);
    if (!python) continue;
    if (isSupportedPython(python.version) && python.hasPip) return python;
    found.push(python);
  }
  throw new UserError(complaint(names, found));
}

/** What a Python says about itself; undefined if it does not start. */
export async function askPython(name) {
  try {
    const { stdout } = await run(name, ['-I', '-c', probe], { timeout: 15_000, env: installEnvironment() });
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

export function complaint(names, found) {
  const supported = found.find((python) => isSupportedPython(python.version));
  if (supported) {
    const short = supported.version.slice(0, 2).join('.');
    return `Python ${short} (${supported.executable}) lacks its module ensurepip. Install it (Debian, Ubuntu: apt install python${short}-venv), or set SIGNALBOX_PYTHON to another Python.`;
  }
  const seen = found.length
    ? `found only ${found.map((python) => python.version.join('.')).join(', ')}`
    : `none of ${names.join(', ')} works`;
  return `Python 3.10 to 3.14 is needed for LiteLLM, but ${seen}. Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python), or set SIGNALBOX_PYTHON to its path.`;
}
