"""The machine is read from the system, and an unknown system is no error."""

from pathlib import Path

from maquette.core.machine import SPINS, let_threads_sleep, look_at_machine


def test_processor_and_flags_are_those_of_the_first_core(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    first = "model name\t: Some CPU: fast\nflags\t\t: fpu avx512_bf16 amx_bf16\npower management:\n"
    cpuinfo.write_text(f"{first}\nmodel name\t: Another\nflags\t: fpu\n")
    machine = look_at_machine(cpuinfo)
    assert machine.cpu == "Some CPU: fast"
    assert machine.bf16_flags == ("amx_bf16", "avx512_bf16")


def test_a_system_without_cpuinfo_has_no_known_flags(tmp_path: Path) -> None:
    machine = look_at_machine(tmp_path / "missing")
    assert machine.bf16_flags == ()
    assert machine.cores >= 1
    assert 0 < machine.free_bytes <= machine.memory_bytes


def test_what_was_said_of_waiting_threads_stands() -> None:
    for said in ({"GOMP_SPINCOUNT": "0"}, {"OMP_WAIT_POLICY": "active"}):
        environ = dict(said)
        let_threads_sleep(environ)
        assert environ == said
    let_threads_sleep(environ := {})
    assert environ == {"GOMP_SPINCOUNT": str(SPINS)}
