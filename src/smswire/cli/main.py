"""Commands, above layer 9: the command `smswire`: finds the command that is called, and turns every failure into one sentence."""

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from .. import __version__

# name: (module, what it does); a module is imported when its command is called, and has it under its name.
COMMANDS: dict[str, tuple[str, str]] = {
    "decode": ("decode", "Explain SMPP PDUs in hex, raw octets or a capture."),
    "send": ("send", "Send a message over SMPP or HTTP, and wait for its receipt."),
    "load": ("load", "Load an SMPP server, and measure rate and latencies."),
    "http": ("http", "Pull reports, look numbers up, ask for credits, read the inbox."),
    "simulate": ("simulate", "Be an SMSC with networks, handsets and faults."),
    "text": ("text", "Explain encoding, segments and the characters that cost."),
    "demo": ("demo", "Send 50,000 messages through a simulated SMSC."),
}

DONE, FAULT, WRONG, INTERRUPTED = 0, 1, 2, 130


class Commands(click.Group):
    """A group that imports a command only when it is called; the list in --help imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name][0]}", __package__)
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`smswire COMMAND --help` explains a command, with examples.",
)
@click.version_option(__version__, prog_name="smswire", message="%(prog)s %(version)s")
@click.pass_context
def smswire(ctx: click.Context) -> None:
    """SMS over SMPP 3.4: decode what is on the wire, send, load and simulate.

    \b
    Examples:
      smswire decode 00000010000000150000000000000001
      smswire decode traffic.pcap --where 'command == submit_sm and text ~ "(?i)code"'
      tcpdump -i any -U -w - port 2775 | smswire decode - --format json
      smswire send --smpp smpp://name:password@localhost:2775 --from Infobip --to 385951111111 --wait Hello
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. arguments: without the program's name, default those of the process. Returns the exit code."""
    if "_SMSWIRE_COMPLETE" in os.environ:
        smswire.main(arguments, prog_name="smswire")  # a shell asks for completions
    name = "smswire"
    try:
        with smswire.make_context(name, list(sys.argv[1:] if arguments is None else arguments)) as ctx:
            try:
                smswire.invoke(ctx)
            finally:
                name = " ".join(filter(None, (name, ctx.invoked_subcommand)))
        return _flushed(DONE)
    except click.exceptions.Exit as leaving:
        return _flushed(leaving.exit_code)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else name
        return _complain(f"{path}: {error.format_message().rstrip('.')}; see {path} --help", WRONG)
    except click.ClickException as error:
        return _complain(f"{name}: {error.format_message()}", error.exit_code)
    except (KeyboardInterrupt, EOFError, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _left()
    except MemoryError:
        return _complain(f"{name}: out of memory", WRONG)
    except OSError as error:
        return _complain(f"{name}: {error.filename}: {error.strerror}" if error.filename else f"{name}: {error.strerror or error}", WRONG)
    except Exception as error:
        if os.environ.get("SMSWIRE_TRACEBACK"):
            raise
        return _complain(f"{name}: a fault of smswire itself, {type(error).__name__}: {error} (SMSWIRE_TRACEBACK=1 shows where)", WRONG)


def _flushed(code: int) -> int:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        return _left()
    return code


def _left() -> int:
    """The reader of standard output has gone, as `head` does: no fault, and the interpreter must not complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _complain(message: str, code: int) -> int:
    try:
        if sys.stderr is not None:  # it may be closed, and print would then take standard output
            print(message, file=sys.stderr)
    except (OSError, ValueError):
        pass
    return code


def run() -> NoReturn:
    """The entry point of the installed command."""
    sys.exit(main())
