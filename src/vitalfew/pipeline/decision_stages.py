"""The stages that decide: from weights, promises and effects to the ledger and what it rests on."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from vitalfew.pipeline.context import ALL_KINDS, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.pipeline.context import Context
    from vitalfew.results.rows import Tables
    from vitalfew.results.store import Output


def decision_stages(before: tuple[str, ...]) -> tuple[Stage, ...]:
    """The stages of decisions, in order.

    Args:
        before: stages whose tables all of them read.
    """
    return (
        _stage("ledger", _ledger, before),
        _stage("ranks", _ranks, before),
        _stage("disagreement", _disagreement, before),
        _stage("vital_few", _vital_few, before),
        _stage("groups", _groups, (*before, "ledger")),
        _stage("say_do", _say_do, (*before, "ledger")),
        _stage("plans", _plans, before),
        _stage("information", _information, (*before, "ledger")),
        _stage("classic", _classic, before),
        _stage("bets", _bets, before),
        _stage("goals", _goals, (*before, "plans")),
        _stage("review", _review, (*before, "ledger", "groups", "plans", "bets")),
        _stage("reasons", _reasons, (*before, "ledger", "plans", "information")),
    )


def _stage(name: str, compute: Callable[[Context, Tables], Output], before: tuple[str, ...]) -> Stage:
    return Stage(name, ALL_KINDS, compute, after=before, other=_draws)


def _draws(context: Context) -> object:
    return [context.today.isoformat(), context.seed]


def _ledger(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.followed import followed, with_deviations
    from vitalfew.decide.ledger import ledger
    from vitalfew.decide.payback import with_viability
    from vitalfew.decide.testing import hidden_lines, suggested_tests, with_tests

    inputs, options = context.inputs(tables), context.options(tables)
    shipped, candidates, headline = ledger(inputs, context.pool(tables))
    hidden = hidden_lines(options, candidates)
    tested = with_tests(candidates, suggested_tests(options, inputs, context.price(tables), hidden))
    told = with_viability(tested, context.paying(tables, candidates))
    if tables.weights:
        found = followed(context.definitions, context.workspace.acts, told, context.today)
        told = with_deviations(told, found)
        headline = replace(headline, notes=(*headline.notes, found.sentence())) if found.agreed else headline
    return {"shipped": shipped, "candidates": told, "headline": (headline,)}


def _ranks(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.ranking import ranked
    from vitalfew.decide.ranks import ranks
    from vitalfew.decide.what_if import WhatIf

    what_if = WhatIf(context.options(tables))
    own = ranked(context.inputs(tables), context.pool(tables), what_if)
    return {"ranks": ranks(what_if.options, what_if.exact), "ranking": (own,)}


def _disagreement(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.agreement import disagreement
    from vitalfew.decide.apart import distances
    from vitalfew.decide.narratives import narratives, opposed
    from vitalfew.judgement.panel import panel

    people = panel(context.definitions, context.workspace.acts)
    rows, choices = disagreement(tables, people, context.options(tables))
    return {
        "disagreement": rows,
        "group_choices": choices,
        "distances": distances(tables.group_weights, context.seed),
        "narratives": narratives(context.definitions, tables, context.today),
        "opposed": opposed(context.definitions, tables, context.today),
    }


def _vital_few(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.lights import lights
    from vitalfew.decide.north_star import north_star
    from vitalfew.decide.redundancy import redundancy
    from vitalfew.decide.vital_few import vital_few

    options = context.options(tables)
    rows, shares = vital_few(context.definitions, tables, options, context.measured_lines(tables))
    known = replace(tables, vital_factors=rows)
    mean = dict(zip(options.factors, options.weights.mean(axis=1).tolist(), strict=True))
    return {
        "vital_factors": rows,
        "factor_shares": shares,
        "factor_lights": lights(context.definitions, tables),
        "north_star": north_star(context.definitions, known),
        "redundant": redundancy(context.definitions, tables, mean),
    }


def _plans(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.plans_tables import plan_tables

    found = plan_tables(context.options(tables), context.inputs(tables), context.price(tables))
    return {part.name: getattr(found, part.name) for part in fields(found)}


def _information(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.information_rows import information_rows
    from vitalfew.decide.testing import hidden_lines

    options = context.options(tables)
    hidden, slopes = hidden_lines(options, tables.candidates), context.inputs(tables).transfer.slopes
    return {"information": information_rows(options, context.definitions, hidden, slopes)}


def _classic(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.classic import classic

    return {"classic": classic(context.inputs(tables))}


def _groups(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.group_values import group_values

    rows = group_values(context.inputs(tables), context.options(tables), context.measured_lines(tables))
    return {"group_values": rows}


def _say_do(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.say_do import say_do

    return {"say_do": say_do(context.inputs(tables))}


def _goals(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.erosion import erosion
    from vitalfew.evidence.attainment import attainment

    return {"key_results": attainment(context.definitions, tables), "erosion": erosion(context.inputs(tables))}


def _bets(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.bets import bets

    return {"bets": bets(context.definitions, context.workspace.acts, tables, context.today)}


def _review(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.balance import exploration, horizon_mix, payoffs
    from vitalfew.decide.breakdowns import breakdowns, effort_by_quarter
    from vitalfew.decide.coverage import coverage, resting
    from vitalfew.decide.overrides import overrides
    from vitalfew.decide.process import process
    from vitalfew.decide.stopping import stop_list
    from vitalfew.decide.value_matrix import value_matrix

    inputs, measured = context.inputs(tables), context.measured_lines(tables)
    acts = context.workspace.acts
    anyway = overrides(context.definitions, acts, tables, context.today)
    return {
        "breakdowns": breakdowns(inputs, measured),
        "effort": effort_by_quarter(inputs),
        "overrides": anyway,
        "process": process(context.definitions, acts, tables, anyway, context.today),
        "value_matrix": value_matrix(inputs, measured),
        "stop": stop_list(context.definitions, tables, context.today),
        "horizon_mix": horizon_mix(inputs),
        "payoffs": payoffs(context.paying(tables, tables.candidates), inputs),
        "exploration": exploration(inputs),
        "coverage": coverage(inputs),
        "resting": resting(inputs),
    }


def _reasons(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.explain import reasons
    from vitalfew.decide.triangulation import sentence, triangulation
    from vitalfew.results.rows import ReasonRow

    told = reasons(context.options(tables), context.inputs(tables), tables)
    badges = triangulation(context.definitions, tables)
    why = tuple(ReasonRow(row.line, "why", sentence(row), {}) for row in badges)
    return {"reasons": (*told, *why), "triangulation": badges}
