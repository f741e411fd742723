"""The one judgement of these tests: a reopened file against what was answered."""

from __future__ import annotations

from pathlib import Path

from .ledger import Deed, ask, open_system
from .model import Answer, check_answers, check_rows, model_of, rows_of
from .process import History
from .states import states_of


def check_file(path: Path, history: History, in_flight: int) -> int:
    """Reopen a file and hold it against its history; how many rows it has.

    First a system recovers every state, then the rows are read by plain sqlite3 and the model built
    of them; `in_flight` is how many commands may be there that nobody was told of.
    """
    with open_system(str(path)) as system:
        states = states_of(system)
    rows = rows_of(path)
    check_rows(rows)
    check_answers(rows, history.asked, history.answers, in_flight)
    assert not history.refused & {row.cause for row in rows}
    assert states == model_of(rows, history.asked, history.answers)
    return len(rows)


def check_life(path: Path, history: History, name: str) -> None:
    """A reopened file takes new commands, and a repeated one gets its first answer again."""
    stored = [key for key, answer in history.answers.items() if answer.events]
    with open_system(str(path)) as system:
        deed = Deed(name, "bank/b0/account/a0", "deposit", 1)
        history.asked[name] = deed
        receipt = ask(system, deed)
        history.answers[name] = Answer(
            receipt.version, receipt.position, len(receipt.events), receipt.state.balance
        )
        last = system.log.last_position()
        for key in stored[-3:]:
            again, first = ask(system, history.asked[key]), history.answers[key]
            told = (again.version, again.position, len(again.events))
            assert told == (first.version, first.position, first.events)
        assert system.log.last_position() == last == receipt.position
