"""Numbers in, numbers out: moments, comparisons, intervals and trust tests. Nothing here knows a file or a database.

    >>> import vitalfew as vf
    >>> old, new = (vf.stats.Moments.given("kept", n=5_000, mean=mean, variance=0.16) for mean in (0.20, 0.22))
    >>> found = vf.stats.compare(old, new, numerator="kept")
    >>> round(found.p_value, 3), [round(bound, 3) for bound in found.intervals[1]]
    (0.012, [0.95, 0.004, 0.036])

Two arms: `compare` (means, shares, ratios; covariates; any look), `compare_quantiles`, `compare_times`, `non_inferior`.
Trust: `sample_ratio`, `sequential_sample_ratio`, `find_phases`. Several tests: `holm`, `bonferroni`, `dunnett`,
`benjamini_hochberg`, `segment_differences`. Looks planned beforehand: `boundaries`, `classic_boundaries`, `stopped`.
`conditional_power`, `predictive_power`. Bayes: `posterior`, `chance_above`, `expected_loss`, `prior_from`. Planning:
`Design` with `sample_size`, `detectable`, `detectable_share`, `statistical_power`, `days_needed`; `design_effect`,
`variance_of_proportion`, `variance_of_quantile`, `variance_of_ratio`. One arm: `wilson`, `net_score`,
`share_score`, `mean_score`, `quantile_of`, `median_time`. Many experiments: `fit_spread`, `shrink_effects`,
`fit_links`. Releases: `gap_to_forecast` (one series, one date: a `Question`), `synthetic_difference` (some units, one
date), `group_time` of `Cohort`s (waves), `comparable` with `weighted_effect`, `matched_effect` and `e_value` (units
that chose it themselves).

    >>> import numpy as np
    >>> draws = np.random.default_rng(7)
    >>> days = draws.normal(100, 1, 400) + 2 * (np.arange(400) >= 372)
    >>> gap = vf.stats.gap_to_forecast(days, vf.stats.Question(372))  # the release came out on day 372
    >>> round(gap.judged.estimate, 1), gap.judged.p < 0.05
    (2.0, True)
    >>> regions = draws.normal(50, 1, (12, 60)).cumsum(axis=1) / 9 + 100
    >>> found = vf.stats.synthetic_difference(regions[:1] + 9 * (np.arange(60) >= 40), regions[1:], before=40)
    >>> len(found.donors), found.p < 0.05
    (11, True)
    >>> early, late, never = (draws.normal(5, 1, (80, 4)) for _ in range(3))
    >>> early[:, 2:] += 1.0
    >>> late[:, 3:] += 1.0
    >>> waves = ((early, 2), (late, 3), (never, None))
    >>> effect = vf.stats.group_time([vf.stats.Cohort.of(values, wave) for values, wave in waves]).overall(0)
    >>> bool(abs(effect.estimate[0] - 1.0) < 3 * effect.se[0])
    True
    >>> known = draws.normal(size=(500, 1))
    >>> took = draws.random(500) < 1 / (1 + np.exp(-known[:, 0]))
    >>> spent = 3 + 2 * known[:, 0] + 0.5 * took + draws.normal(size=500)
    >>> alike = vf.stats.comparable(known, took)
    >>> by_weight, by_pairs = vf.stats.weighted_effect(spent, alike), vf.stats.matched_effect(spent, alike)
    >>> bool(abs(by_weight.estimate - 0.5) < 3 * by_weight.se), bool(abs(by_pairs.estimate - 0.5) < 3 * by_pairs.se)
    (True, True)
    >>> round(vf.stats.e_value(1.5), 2)  # what an unseen cause would have to do to explain half as much again
    2.37
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.stats.bayes import Belief, Prior, chance_above, expected_loss, posterior, prior_from
    from vitalfew.stats.comparison import Comparison, VarianceMissing, compare
    from vitalfew.stats.designs import Design
    from vitalfew.stats.distributions import compare_quantiles, compare_times, median_time, quantile_of
    from vitalfew.stats.effect_spread import Spread, fit_spread
    from vitalfew.stats.effect_spread import posterior_effects as shrink_effects
    from vitalfew.stats.families import benjamini_hochberg, bonferroni, dunnett, holm
    from vitalfew.stats.forecast_gap import Question
    from vitalfew.stats.forecast_gap import forecast_gap as gap_to_forecast
    from vitalfew.stats.group_sequential import boundaries
    from vitalfew.stats.group_sequential import classic as classic_boundaries
    from vitalfew.stats.heterogeneity import heterogeneity as segment_differences
    from vitalfew.stats.link_fit import LinkFit, fit_links
    from vitalfew.stats.matching import comparable, e_value, matched_effect, weighted_effect
    from vitalfew.stats.moments import Moments
    from vitalfew.stats.noise import design_effect
    from vitalfew.stats.noise import of_proportion as variance_of_proportion
    from vitalfew.stats.noise import of_quantile as variance_of_quantile
    from vitalfew.stats.noise import of_ratio as variance_of_ratio
    from vitalfew.stats.non_inferiority import NonInferiority, conditional_power, non_inferior, predictive_power
    from vitalfew.stats.phases import phases as find_phases
    from vitalfew.stats.power import days_needed, detectable, detectable_share, sample_size
    from vitalfew.stats.power import power as statistical_power
    from vitalfew.stats.sample_sizes import SampleRatio, sample_ratio
    from vitalfew.stats.scores import mean_score, net_score, share_score
    from vitalfew.stats.sequential_ratio import sequential_ratio as sequential_sample_ratio
    from vitalfew.stats.shares import wilson
    from vitalfew.stats.staggered import Cohort, group_time
    from vitalfew.stats.stopping import stopped
    from vitalfew.stats.synthetic import synthetic_difference

__all__ = [
    "Belief",
    "Cohort",
    "Comparison",
    "Design",
    "LinkFit",
    "Moments",
    "NonInferiority",
    "Prior",
    "Question",
    "SampleRatio",
    "Spread",
    "VarianceMissing",
    "benjamini_hochberg",
    "bonferroni",
    "boundaries",
    "chance_above",
    "classic_boundaries",
    "comparable",
    "compare",
    "compare_quantiles",
    "compare_times",
    "conditional_power",
    "days_needed",
    "design_effect",
    "detectable",
    "detectable_share",
    "dunnett",
    "e_value",
    "expected_loss",
    "find_phases",
    "fit_links",
    "fit_spread",
    "gap_to_forecast",
    "group_time",
    "holm",
    "matched_effect",
    "mean_score",
    "median_time",
    "net_score",
    "non_inferior",
    "posterior",
    "predictive_power",
    "prior_from",
    "quantile_of",
    "sample_ratio",
    "sample_size",
    "segment_differences",
    "sequential_sample_ratio",
    "share_score",
    "shrink_effects",
    "statistical_power",
    "stopped",
    "synthetic_difference",
    "variance_of_proportion",
    "variance_of_quantile",
    "variance_of_ratio",
    "weighted_effect",
    "wilson",
]

_HOME = {
    "Belief": "bayes",
    "Cohort": "staggered",
    "Comparison": "comparison",
    "Design": "designs",
    "LinkFit": "link_fit",
    "Moments": "moments",
    "NonInferiority": "non_inferiority",
    "Prior": "bayes",
    "Question": "forecast_gap",
    "SampleRatio": "sample_sizes",
    "Spread": "effect_spread",
    "VarianceMissing": "comparison",
    "benjamini_hochberg": "families",
    "bonferroni": "families",
    "boundaries": "group_sequential",
    "chance_above": "bayes",
    "classic_boundaries": "group_sequential:classic",
    "comparable": "matching",
    "compare": "comparison",
    "compare_quantiles": "distributions",
    "compare_times": "distributions",
    "conditional_power": "non_inferiority",
    "days_needed": "power",
    "design_effect": "noise",
    "detectable": "power",
    "detectable_share": "power",
    "dunnett": "families",
    "e_value": "matching",
    "expected_loss": "bayes",
    "find_phases": "phases:phases",
    "fit_links": "link_fit",
    "fit_spread": "effect_spread",
    "gap_to_forecast": "forecast_gap:forecast_gap",
    "group_time": "staggered",
    "holm": "families",
    "matched_effect": "matching",
    "mean_score": "scores",
    "median_time": "distributions",
    "net_score": "scores",
    "non_inferior": "non_inferiority",
    "posterior": "bayes",
    "predictive_power": "non_inferiority",
    "prior_from": "bayes",
    "quantile_of": "distributions",
    "sample_ratio": "sample_sizes",
    "sample_size": "power",
    "segment_differences": "heterogeneity:heterogeneity",
    "sequential_sample_ratio": "sequential_ratio:sequential_ratio",
    "share_score": "scores",
    "shrink_effects": "effect_spread:posterior_effects",
    "statistical_power": "power:power",
    "stopped": "stopping",
    "synthetic_difference": "synthetic",
    "variance_of_proportion": "noise:of_proportion",
    "variance_of_quantile": "noise:of_quantile",
    "variance_of_ratio": "noise:of_ratio",
    "weighted_effect": "matching",
    "wilson": "shares",
}
"""Where each public name lives: the module, and the name there when it is another."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import vitalfew` loads no numerical package."""
    if name not in _HOME:
        raise AttributeError(f"module 'vitalfew.stats' has no attribute '{name}'")
    module, _, there = _HOME[name].partition(":")
    found: object = getattr(import_module(f"vitalfew.stats.{module}"), there or name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
