"""`drctl runs`: what was run here, and its evidence."""

from __future__ import annotations

import typer

from drctl.cli import options

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_runs(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    output: options.OutputOption = options.Output.TEXT,
    no_color: options.NoColorOption = False,
) -> None:
    """List every run of this state directory, the oldest first."""
    from drctl.cli.screen import open_screen
    from drctl.cli.session import opened
    from drctl.render.runs_view import print_runs, runs_json

    screen = open_screen(output=output, no_color=no_color)
    with opened(config, state_dir, calls=False) as session:
        states = tuple(session.state(run_id) for run_id in session.stores.runs.run_ids())
        holder = session.lock_holder
    if output is options.Output.TEXT:
        print_runs(states, screen.out, holder)
    else:
        screen.result(runs_json(states, holder))


@app.command("show")
def show_run(
    run: options.RunArgument,
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    output: options.OutputOption = options.Output.TEXT,
    no_color: options.NoColorOption = False,
) -> None:
    """Show one run: who wanted what, what became of each step, what was changed. `jsonl` is its journal."""
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_run, opened
    from drctl.render.runs_view import print_run, run_json

    screen = open_screen(output=output, no_color=no_color)
    with opened(config, state_dir, calls=False) as session:
        known_run(session, run)
        match output:
            case options.Output.JSONL:
                for record in session.stores.runs.read(run):
                    screen.line(session.journal_line(record))
            case options.Output.JSON:
                screen.result(run_json(session.state(run), session.lock_holder))
            case options.Output.TEXT:
                print_run(session.state(run), screen.out, session.stores.runs.folder(run), session.lock_holder)
