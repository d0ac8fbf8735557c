"""Completions of shells from what `runwatch describe` tells: commands, options, and words where only some are taken."""
import shlex


def walk(command, path=()):
    """(path, command) of the program and of every command below it."""
    yield path, command
    for inner in command["commands"]:
        yield from walk(inner, (*path, inner["name"]))


def switches(command):
    for option in command["options"]:
        if not option["positional"]:
            yield option, option["names"]


def first_line(text):
    return text.partition("\n")[0].rstrip(":")


def bash(app):
    commands, options, values = [], [], []
    for path, command in walk(app):
        key = shlex.quote(" ".join(path))
        inner = " ".join(c["name"] for c in command["commands"])
        if inner:
            commands.append(f"    {key}) echo {shlex.quote(inner)} ;;")
        options.append(f"    {key}) echo {shlex.quote(' '.join(n for _, names in switches(command) for n in names))} ;;")
        for option, names in switches(command):
            if not option["flag"]:
                for name in names:
                    pattern = shlex.quote(" ".join((*path, name)))
                    values.append(f"    {pattern}) echo {shlex.quote(' '.join(option['choices']) or '@')} ;;")
    return f"""# bash completion of runwatch, made from its own command line
_runwatch_commands() {{
  case "$1" in
{chr(10).join(commands)}
  esac
}}

_runwatch_options() {{
  case "$1" in
{chr(10).join(options)}
  esac
}}

# The words that an option takes; @: a file, or anything.
_runwatch_values() {{
  case "$1" in
{chr(10).join(values)}
  esac
}}

_runwatch() {{
  local here=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} path='' word values
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " $(_runwatch_commands "$path") " in
      *" $word "*) path="${{path:+$path }}$word" ;;
    esac
  done
  values=$(_runwatch_values "${{path:+$path }}$before")
  if [ "$values" = @ ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$here")
  elif [ -n "$values" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$here")
  elif [[ $here = -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_runwatch_options "$path")" -- "$here")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(_runwatch_commands "$path")" -- "$here")
  fi
}}
complete -o filenames -F _runwatch runwatch
"""


def _zsh_option(option):
    about = option["text"].replace("[", "(").replace("]", ")").replace(":", "\\:")
    argument = ""
    if not option["flag"]:
        argument = f":value:({' '.join(option['choices'])})" if option["choices"] else ":value:_files"
    return [shlex.quote(f"*{name}[{about}]{argument}") for name in option["names"]]


def _zsh_function(path, command):
    name = "_".join(("_runwatch", *path))
    words = [word for option, _ in switches(command) for word in _zsh_option(option)]
    if not command["commands"]:
        return [f"{name}() {{", "  _arguments \\"] + [f"    {word} \\" for word in words] + ["    '*:file:_files'", "}", ""]
    listed = [shlex.quote(f"{c['name']}:{first_line(c['about'])}") for c in command["commands"]]
    calls = [f"        {c['name']}) {name}_{c['name']} ;;" for c in command["commands"]]
    return ([f"{name}() {{", "  local line state", "  _arguments -C \\"] + [f"    {word} \\" for word in words] +
            ["    '1: :->command' '*:: :->rest'", "  case $state in", "    command)", "      local -a commands=("] +
            [f"        {word}" for word in listed] +
            ["      )", "      _describe command commands ;;", "    rest)", "      case $line[1] in"] + calls +
            ["      esac ;;", "  esac", "}", ""])


def zsh(app):
    lines = ["#compdef runwatch", "# zsh completion of runwatch, made from its own command line", ""]
    for path, command in walk(app):
        lines += _zsh_function(path, command)
    return "\n".join(lines + ['_runwatch "$@"', ""])


def fish(app):
    lines = ["# fish completion of runwatch, made from its own command line", "complete -c runwatch -f"]
    for path, command in walk(app):
        inner = " ".join(c["name"] for c in command["commands"])
        seen = [f"__fish_seen_subcommand_from {word}" for word in path]
        here = "; and ".join(seen) or "true"
        for each in command["commands"]:
            none_yet = "; and ".join([*seen, f"not __fish_seen_subcommand_from {inner}"])
            lines.append(f"complete -c runwatch -n {shlex.quote(none_yet)} -a {each['name']} "
                         f"-d {shlex.quote(first_line(each['about']))}")
        for option, names in switches(command):
            flags = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in names)
            takes = "" if option["flag"] else f" -r -a {shlex.quote(' '.join(option['choices']))}" \
                if option["choices"] else " -r -F"
            lines.append(f"complete -c runwatch -n {shlex.quote(here)} {flags}{takes} -d {shlex.quote(option['text'])}")
    return "\n".join(lines) + "\n"
