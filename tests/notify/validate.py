"""Every canonical body that notify_test makes, against the schema by Debian's python3-jsonschema."""
import json, os, subprocess, sys, tempfile

import jsonschema

test, schema = sys.argv[1:]
with open(schema) as file:
    validator = jsonschema.Draft7Validator(json.load(file), format_checker=jsonschema.FormatChecker())
validator.check_schema(validator.schema)
with tempfile.NamedTemporaryFile(mode="r", errors="strict") as bodies:
    done = subprocess.run([test, "--test-case-exclude=*courier*"], capture_output=True, text=True,
                          env={**os.environ, "RUNWATCH_BODIES": bodies.name})
    sys.exit(done.stdout) if done.returncode else None
    lines = bodies.read().split("\n")[:-1]
types, wrong = set(), 0
for line in lines:
    body = json.loads(line)
    types.add(body["type"].split(".")[1])
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(body)]
    data = body.get("data", {})
    if data["counts"]["new"] != len(data["tasks"]) + data["truncated"]:
        errors.append("new is not tasks plus truncated")
    if errors:
        wrong += 1
        print(line[:300], *errors, sep="\n  ")
print(f"{len(lines)} bodies, {wrong} wrong, kinds: {sorted(types)}")
sys.exit(wrong > 0 or len(lines) < 300 or types != {"firing", "update", "resolved", "ended", "event"})
