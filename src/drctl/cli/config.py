"""`drctl config`: the configuration file. Nothing here calls a region."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from drctl.cli import options
from drctl.core.errors import ConfigError

if TYPE_CHECKING:
    from drctl.config.load import LoadedConfig

app = typer.Typer(no_args_is_help=True)

CHECK_SCHEMA = "drctl.config-check/v1"

StdoutOption = Annotated[bool, typer.Option("--stdout", help="Print it instead of writing a file.")]


@app.command("init")
def init(config: options.ConfigOption = options.DEFAULT_CONFIG, stdout: StdoutOption = False) -> None:
    """Write a commented configuration to fill in. An existing file is never overwritten."""
    from drctl.config.template import TEMPLATE

    if stdout:
        sys.stdout.write(TEMPLATE)
        return
    try:
        with config.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise ConfigError(
            f"{config} exists already.", remedy="Name another with --config FILE, or print it: `--stdout`."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{config} cannot be written: {error.strerror}.", remedy="Name another with --config FILE."
        ) from error
    sys.stdout.write(f"{config}\n")
    sys.stderr.write(f"Replace its example values, then run `drctl config check --config {config}`.\n")


@app.command("check")
def check(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
) -> None:
    """Find every mistake in the file, and what it names that is not there. Exit 2 for any."""
    from drctl.cli.outside import seen_outside
    from drctl.cli.screen import open_screen
    from drctl.config.load import load

    screen = open_screen(output=output, quiet=quiet)
    warnings: tuple[str, ...] = ()
    failed, title = None, ""
    try:
        loaded = load(config)
        seen = seen_outside(loaded)
        warnings, title = seen.warnings, _title(loaded)
        if seen.problems:
            failed = ConfigError(
                f"{config} names what cannot be used.", problems=seen.problems, remedy="Mend it, then check again."
            )
    except ConfigError as error:
        failed = error
    if output is not options.Output.TEXT:
        screen.result(_document(config, failed, warnings))
    if not quiet:
        for warning in warnings:
            screen.err.print(f"warning: {warning}", markup=False, soft_wrap=True)
    if failed is not None:
        raise failed
    if output is options.Output.TEXT:
        screen.out.print(f"{config} is sound: {title}", markup=False, soft_wrap=True)


@app.command("show")
def show(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Print the configuration with every default. Secrets stay references."""
    from drctl.cli.screen import open_screen
    from drctl.config.load import load
    from drctl.config.shown import as_yaml, shown_config

    body = shown_config(load(config, state_dir))
    if output is options.Output.TEXT:
        sys.stdout.write(as_yaml(body))
    else:
        open_screen(output=output).result(body)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from drctl.cli.screen import open_screen
    from drctl.config.schema import json_schema

    open_screen().result(json_schema())


def _title(loaded: LoadedConfig) -> str:
    topology = loaded.topology
    return (
        f"{topology.title}, home {topology.home}, standby {topology.standby}, "
        f"{len(topology.records)} records in {len(topology.zones)} zones, state in {loaded.state_dir}"
    )


def _document(config: object, failed: ConfigError | None, warnings: tuple[str, ...]) -> dict[str, object]:
    problems = [] if failed is None else list(failed.problems) or [failed.message]
    return {
        "schema": CHECK_SCHEMA,
        "file": str(config),
        "ok": failed is None,
        "problems": problems,
        "warnings": list(warnings),
    }
