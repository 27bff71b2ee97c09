"""Steadyworks, a company in which nothing is wrong: used features, sound trials, kept promises, few factors."""

from __future__ import annotations

from vitalfew.simulate.plan import Claim, Company, FeatureUse, Forecaster, Idea, InfluenceLink, Rater, Trial

_FEATURES = (
    FeatureUse("job_list", 0.90, 0.40),
    FeatureUse("job_sheet", 0.82, 0.36),
    FeatureUse("day_plan", 0.64, 0.36),
    FeatureUse("photo_notes", 0.58, 0.22),
    FeatureUse("customer_history", 0.50, 0.22),
    FeatureUse("quick_invoice", 0.46, 0.22),
    FeatureUse("signature", 0.43, 0.22),
    FeatureUse("time_sheets", 0.42, 0.22),
    FeatureUse("parts_lookup", 0.35, 0.22),
    FeatureUse("checklists", 0.33, 0.22),
    FeatureUse("team_board", 0.30, 0.36),
    FeatureUse("quote_builder", 0.28, 0.20),
)

_TRIALS = (
    Trial("smart_defaults", 0, 3, {"planning_minutes": -0.12}, Claim("planning_minutes", -0.12)),
    Trial("one_page_job", 0, 6, {"jobs_completed": 0.26}, Claim("jobs_completed", 0.26)),
    Trial("repeat_jobs", 0, 9, {"planning_minutes": -0.13}, Claim("planning_minutes", -0.13)),
    Trial("start_reminders", 0, 12, {"retention_28": 0.16}, Claim("retention_28", 0.16)),
    Trial("background_upload", 1, 4, {"app_errors": -0.40}, Claim("app_errors", -0.40)),
    Trial("part_photos", 1, 7, {"first_time_fix": 0.09}, Claim("first_time_fix", 0.09)),
    Trial("offline_forms", 1, 10, {"jobs_completed": 0.24}, Claim("jobs_completed", 0.24)),
    Trial("fault_codes", 1, 13, {"first_time_fix": 0.10}, Claim("first_time_fix", 0.10)),
)

_LINKS = (InfluenceLink("planning_minutes", "jobs_completed", -0.10),)

_FORECASTERS = (
    Forecaster("head of product", trust=0.0, width=0.40, noise=0.08, doubt=0.05),
    Forecaster("lead engineer", trust=0.1, width=0.45, noise=0.08, doubt=0.05),
    Forecaster("engineer", trust=0.1, width=0.40, noise=0.08, doubt=0.10),
)


def _points(jobs: int, minutes: int, fix: int, back: int) -> dict[str, float]:
    return {"jobs_completed": jobs, "planning_minutes": minutes, "first_time_fix": fix, "retention_28": back}


_RATERS = (
    Rater("head of product", "product", _points(100, 50, 60, 80)),
    Rater("lead engineer", "product", _points(100, 60, 70, 70)),
    Rater("engineer", "engineering", _points(90, 50, 60, 80)),
    Rater("support lead", "support", _points(90, 60, 80, 70)),
    Rater("owner", "leadership", _points(100, 40, 60, 90)),
    Rater("owner of a plumbing firm", "customers", _points(100, 60, 80, 60)),
    Rater("dispatcher in Lyon", "customers", _points(90, 60, 80, 50)),
    Rater("lift mechanic", "customers", _points(100, 50, 70, 60)),
    Rater("dispatcher in Ghent", "customers", _points(90, 70, 80, 60)),
    Rater("depot manager", "customers", _points(100, 60, 70, 50)),
)

_IDEAS = (
    Idea("route_suggestions_minutes", -7.0, -4.0, -2.0, 0.20),
    Idea("customer_slots_jobs", 0.05, 0.25, 0.60, 0.25),
    Idea("parts_forecast_fix", 0.01, 0.03, 0.06, 0.25),
)

STEADYWORKS = Company("steadyworks", _FEATURES, _TRIALS, _LINKS, _FORECASTERS, _RATERS, _IDEAS, (), {})
"""The planted healthy company."""
