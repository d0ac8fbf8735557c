"""Signatures that notify_test makes, verified by npm's standardwebhooks; 77 (skipped) where it cannot be had."""
import os, shutil, subprocess, sys, tempfile

test, modules = sys.argv[1:]
if not shutil.which("node"):
    print("skipped: there is no node; install nodejs and npm, then run ./dev deps")
    sys.exit(77)
if not os.path.isdir(f"{modules}/node_modules/standardwebhooks"):
    print(f"skipped: {modules} has no standardwebhooks; ./dev deps fetches it")
    sys.exit(77)
VERIFY = """
const { Webhook } = require('standardwebhooks');
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter((line) => line);
let wrong = 0;
for (const line of lines) {
  const { body, secret, headers, good } = JSON.parse(line);
  let verified = true;
  try { new Webhook(secret).verify(body, headers); } catch (error) { verified = false; }
  if (verified !== good) { wrong += 1; console.log(`good: ${good}, verified: ${verified}: ${line}`); }
}
console.log(`${lines.length} signatures, ${wrong} wrong`);
process.exit(wrong > 0 || lines.length < 8 ? 1 : 0);
"""
with tempfile.NamedTemporaryFile(mode="r") as signed:
    done = subprocess.run([test, "--test-case=*standardwebhooks*"], capture_output=True, text=True,
                          env={**os.environ, "RUNWATCH_SIGNED": signed.name})
    sys.exit(done.stdout) if done.returncode else None
    sys.exit(subprocess.run(["node", "-e", VERIFY], stdin=signed,
                            env={**os.environ, "NODE_PATH": f"{modules}/node_modules"}).returncode)
