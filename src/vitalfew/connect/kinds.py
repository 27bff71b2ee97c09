"""The kinds of files that `start` knows: what their columns mean and by which names strangers call them.

Aliases are written as people read them and compared without case, blanks, signs and accents; the first that a table
has wins, unless its values say otherwise. docs/reference/start.md lists them, and a test holds it to this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vitalfew.connect.words import plain


@dataclass(frozen=True, slots=True)
class Role:
    """What a column means; `names` in order of trust."""

    key: str
    names: tuple[str, ...]

    def rank(self, column: str) -> int | None:
        """Place of a column's name among the names of this role; None when it is not among them.

        >>> USER.rank("properties.Distinct-ID") == USER.rank("distinct_id")
        True
        """
        own = _ranks(self.names)
        for name in (column, column.rpartition(".")[2], column.rpartition(":")[2]):
            found = own.get(plain(name))
            if found is not None:
                return found
        return None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the columns it needs and may have."""

    key: str
    title: str
    needs: tuple[Role, ...]
    may: tuple[Role, ...] = ()
    about: str = ""


@cache
def _ranks(names: tuple[str, ...]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for name in names:
        ranks.setdefault(plain(name), len(ranks))
    return ranks


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(text.split()).split(", "))


USER = Role("user", _names(
    """user_id, user, uid, distinct_id, user_pseudo_id, customer_id, customer, client_id, client, visitor_id,
    visitor, id_visitor, member_id, member, player_id, player, person_id, person, subscriber_id, contact_id,
    profile_id, actor_id, actor, participant_id, subject_id, unit_id, unit, domain_userid, full_visitor_id,
    amplitude_id, anonymous_id, device_id, cookie_id, browser_id, installation_id, account_id, account,
    user_key, user_uuid, user_guid, customer_number, customer_no, org_id, organization_id, organisation_id,
    company_id, tenant_id, household_id, who, id_user, userids, respondent_id, patient_id, student_id,
    employee_id, benutzer, benutzer_id, benutzername, nutzer, nutzer_id, kunde, kunden_id, kundennummer,
    kundennr, anwender, bruger, bruger_id, brugernavn, kunde_id, medlem, medlems_id, utilisateur,
    id_utilisateur, usuario, id_usuario, cliente, gebruiker, gebruiker_id, klant, klant_id, anvandare,
    anvandar_id, kund, bruker, bruker_id, utente, spieler, spieler_id, spielernr, nutzernr,
    username, user_name, login, email, user_email"""
))  # fmt: skip
_ENDS = _names(
    """end_date, ended_at, ended, ended_on, end_time, end, finished_at, finished, finish_date, completed_at,
    completed, concluded, enddatum, slutdato"""
)
TIME = Role("time", _names(
    """timestamp, event_timestamp, event_time, event_datetime, time, ts, at, datetime, date_time, time_stamp,
    occurred_at, occurred, happened_at, created_at, created, creation_date, event_date, original_timestamp,
    client_event_time, client_time, server_time, server_timestamp, collector_tstamp, derived_tstamp,
    dvce_created_tstamp, logged_at, log_time, received_at, sent_at, server_upload_time, recorded_at,
    action_time, visit_time, epoch, epoch_ms, unix_time, unix_timestamp, timestamp_ms, time_ms, utc_time,
    timestamp_utc, time_utc, created_on, local_time, inserted_at, when, started_at, start_time, date, day, hour,
    moment, visit_date, activity_date, seen_at, last_seen, zeit, zeitpunkt, zeitstempel, datum, uhrzeit, tid,
    tidspunkt, tidsstempel, dato, date_heure, heure, horodatage, fecha, hora, fecha_hora, tijd, tijdstip,
    tidpunkt, tidsstampel, data_ora"""
) + _ENDS)  # fmt: skip
ENDED = Role("time", _ENDS)  # of past results: when an experiment ended counts, not when it began
EXPOSED = Role("time", _names(
    """exposed_at, exposure_time, exposure_date, exposed, first_exposure, first_exposed_at, first_exposure_at,
    assigned_at, assigned_on, assignment_time, assignment_date, enrolled_at, enrolled_on, enrolment_date,
    enrollment_date, entered_at, bucketed_at, randomized_at, randomised_at, allocated_at, first_seen, first_seen_at,
    started_at, timestamp, ts, datetime, date_time, time, at, date, day, zeitstempel, zeitpunkt, datum, dato,
    tidspunkt"""
))  # fmt: skip
EVENT = Role("event", _names(
    """event, event_name, event_type, event_title, event_action, action, action_name, action_type, activity,
    activity_name, activity_type, feature, feature_name, feature_id, feature_key, interaction, operation,
    function, tracking_event, event_key, event_id, event_label, event_category, event_text, name, type, what,
    verb, did, kind, page, page_name, page_title, page_id, page_path, screen, screen_name, screen_id, module,
    tool, url, path, endpoint, object, element, button, message, command, category, subject, ereignis,
    ereignisname, ereignistyp, aktion, funktion, vorgang, aktivitat, haendelse, handelse, hendelse, handling,
    begivenhed, aktivitet, evenement, evenements, evento, accion, azione, gebeurtenis, actie, evento_nombre,
    seite"""
))  # fmt: skip
EXPERIMENT = Role("experiment", _names(
    """experiment, experiment_id, experiment_key, experiment_name, exp, exp_id, exp_name, exp_key, ab_test, abtest,
    ab_test_id, ab_test_name, test, test_id, test_name, test_key, trial, trial_id, study, study_id, flag,
    flag_key, feature_flag, feature_flag_key, campaign, campaign_id, campaign_name, initiative, change, project,
    hypothesis, idea, versuch, versuchsname, eksperiment, forsog, essai, experimento, prueba, proef"""
))  # fmt: skip
VARIANT = Role("variant", _names(
    """variant, variant_id, variant_name, variant_key, variation, variation_id, variation_name, variation_key, arm,
    arm_name, test_group, experiment_group, experiment_arm, ab_group, treatment_group, exp_group, group,
    group_name, group_id, treatment, treated, bucket, cell, branch, condition, assignment, alternative, version,
    cohort, split, flag_value, exp_variant, experiment_variant, experiment_variant_id, abgroup, gruppe,
    variante, versuchsgruppe, groupe, grupo, groep, grupp"""
))  # fmt: skip
METRIC = Role("metric", _names(
    """metric, metric_id, metric_name, metric_key, kpi, kpi_name, measure, outcome, outcome_name, goal, goal_name,
    indicator, target_metric, primary_metric, primary_kpi, main_metric, main_kpi, key_metric, success_metric,
    decision_metric, dependent_variable, kennzahl, metrik, zielgrosse, maltal, indicateur, metrica"""
))  # fmt: skip
ESTIMATE = Role("estimate", _names(
    """estimate, effect, effect_size, estimated_effect, treatment_effect, ate, point_estimate, lift, uplift, delta,
    diff, difference, mean_difference, mean_diff, absolute_lift, absolute_effect, absolute_difference, abs_lift,
    abs_diff, observed_effect, observed_lift, impact, change, improvement, relative_lift, relative_effect,
    relative_difference, rel_lift, rel_diff, relative_change, percent_change, pct_change, pct_lift, lift_pct,
    coefficient, coef, beta, result, effekt, wirkung, differenz, unterschied, forskel, effet, efecto, verschil"""
))  # fmt: skip
SE = Role("se", _names(
    """se, std_err, stderr, std_error, standard_error, standarderror, s.e., sem, error, effect_se, estimate_se,
    se_effect, lift_se, se_lift, se_diff, diff_se, delta_se, uncertainty, standardfehler, standardfejl,
    standaardfout, erreur_type, error_estandar"""
))  # fmt: skip
LOW = Role("low", _names(
    """ci_low, ci_lower, ci_lo, low, lower, lo, lower_bound, lower_ci, low_ci, lower_limit, conf_low, conf_int_low,
    confidence_low, confidence_interval_low, confidence_interval_lower, lcl, lb, ci_l, ci_min, ci_from,
    ci_lower_bound, interval_low, effect_low, estimate_low, lift_low, untere_grenze, untergrenze, nedre"""
))  # fmt: skip
HIGH = Role("high", _names(
    """ci_high, ci_upper, ci_hi, ci_up, high, upper, hi, upper_bound, upper_ci, high_ci, upper_limit, conf_high,
    conf_int_high, confidence_high, confidence_interval_high, confidence_interval_upper, ucl, ub, ci_u, ci_max,
    ci_to, ci_upper_bound, interval_high, effect_high, estimate_high, lift_high, obere_grenze, obergrenze, ovre"""
))  # fmt: skip
P_VALUE = Role("p", _names("p, p_value, pvalue, p_val, pval, p.value, prob, significance, p_wert, p_vaerdi"))
Z_VALUE = Role("z", _names("z, z_score, z_value, z_stat, z_statistic, t, t_stat, t_value, t_statistic, t_score"))
N = Role("n", _names(
    """n, users, visitors, sample_size, samples, units, participants, exposed, n_users, n_visitors, num_users, count,
    size, total, observations, nobs, obs, sessions, impressions, customers, population, trials, anzahl, antal,
    nutzer, besucher, besogende, brugere"""
))  # fmt: skip
MEAN = Role("mean", _names(
    """mean, avg, average, rate, conversion_rate, conv_rate, cr, value, metric_value, mean_value, sample_mean,
    mittelwert, durchschnitt, gennemsnit, moyenne, media, gemiddelde"""
))  # fmt: skip
SD = Role("sd", _names("sd, std, stddev, std_dev, stdev, standard_deviation, standardabweichung, standardafvigelse"))
VARIANCE = Role("variance", _names("variance, var, sample_variance, varianz, varians"))
CONVERSIONS = Role("conversions", _names(
    """conversions, converted, conv, successes, success, converts, conversion, clicks, orders, purchases, signups,
    events, responders, konversionen, konverteringer"""
))  # fmt: skip
FEATURE_NAME = Role("name", _names(
    """feature, feature_name, name, title, feature_title, capability, function, module, functionality, component,
    funktion, funktionsname, merkmal, funktionsnavn, fonctionnalite, funcionalidad, functie, feature_id,
    feature_key"""
))  # fmt: skip
FEATURE_EVENTS = Role("events", _names(
    """event, events, event_name, event_names, event_key, event_type, tracking_event, tracking_events, tracking_name,
    tracked_as, action, actions, ereignis, ereignisse, haendelse, haendelser, evenement, evento, gebeurtenis"""
))  # fmt: skip
COST = Role("cost", _names(
    """cost, build_cost, total_cost, dev_cost, development_cost, effort, person_weeks, weeks, dev_weeks, effort_weeks,
    cost_weeks, cost_person_weeks, effort_person_weeks, person_days, days, man_days, story_points, points,
    investment, budget, price, spend, kosten, aufwand, personenwochen, omkostning, omkostninger, pris, cout,
    costo, coste"""
))  # fmt: skip
SHIPPED = Role("shipped", _names(
    """shipped, shipped_at, shipped_on, ship_date, released, release_date, released_at, launched, launch_date,
    launched_at, live_since, live_date, go_live, deployed, deployed_at, date_shipped, since, available_since,
    launch, release, ausgeliefert, veroffentlicht, lanceret, udgivet, livre, lanzamiento"""
))  # fmt: skip
TEAM = Role("team", _names(
    """team, team_name, squad, owner, owning_team, owned_by, tribe, group, department, responsible, product_team,
    abteilung, verantwortlich, hold, afdeling, equipe, equipo"""
))  # fmt: skip
CADENCE = Role("cadence", _names(
    """cadence, frequency, expected_frequency, expected_cadence, usage_frequency, rhythm, expected_use, period,
    haufigkeit, rhythmus, hyppighed, frequence, frecuencia, frequentie"""
))  # fmt: skip
UPKEEP = Role("upkeep", _names(
    """upkeep, maintenance, maintenance_cost, upkeep_per_year, run_cost, running_cost, yearly_cost, annual_cost,
    operating_cost, opex, support_cost, wartung, wartungskosten, vedligehold, vedligeholdelse, entretien"""
))  # fmt: skip
TITLE = Role("title", _names(
    """title, idea, idea_name, idea_title, name, feature, feature_name, feature_title, initiative, initiative_name,
    opportunity, request, project, project_name, item, item_name, backlog_item, summary, issue_summary, story,
    user_story, epic, epic_name, task, task_name, card, card_name, proposal, headline, theme, topic, improvement,
    solution, hypothesis, bet, what, titel, idee, name_der_idee, vorhaben, massnahme, thema, aufgabe, funktion,
    navn, ide, initiativ, forslag, opgave, emne, titre, idee_nom, titulo, idea_titulo, naam, onderwerp"""
))  # fmt: skip
REACH = Role("reach", _names(
    """reach, users_reached, users_affected, customers_affected, affected_users, people_reached, users_impacted,
    reach_per_quarter, reach_per_month, audience, reichweite, betroffene_nutzer, raekkevidde, portee, alcance, bereik"""
))  # fmt: skip
IMPACT = Role("impact", _names(
    """impact, impact_per_user, impact_on_user, expected_impact, customer_impact, user_impact, business_impact,
    wirkung, auswirkung, einfluss, effekt, virkning, pavirkning, impacto, effet"""
))  # fmt: skip
CONFIDENCE = Role("confidence", _names(
    """confidence, certainty, conf, confidence_level, how_sure, sicherheit, konfidenz, zuversicht, vertrauen, sikkerhed,
    tillid, confiance, confianza, vertrouwen"""
))  # fmt: skip
EFFORT = Role("effort", _names(
    """effort, estimated_effort, effort_estimate, dev_effort, development_effort, engineering_effort, total_effort,
    person_months, man_months, person_weeks, man_weeks, person_days, man_days, dev_weeks, dev_days, story_points,
    estimate, size, t_shirt_size, tshirt_size, complexity, work, weeks, months, days, points, aufwand,
    personenmonate, personenwochen, personentage, schatzung, indsats, estimat, storrelse, esfuerzo, inspanning"""
))  # fmt: skip
EASE = Role("ease", _names(
    "ease, ease_of_implementation, simplicity, easiness, leichtigkeit, einfachheit, lethed, facilite, facilidad"
))  # fmt: skip
WORTH = Role("value", _names(
    """value, business_value, user_value, customer_value, user_business_value, user_and_business_value, ubv, bv,
    benefit, benefits, expected_value, nutzen, geschaftswert, mehrwert, wert, vaerdi, gevinst, forretningsvaerdi,
    valeur, valor, waarde"""
))  # fmt: skip
CRITICALITY = Role("criticality", _names(
    "time_criticality, criticality, tc, urgency, time_sensitivity, dringlichkeit, zeitkritikalitat, tidskritisk, hast"
))  # fmt: skip
OPPORTUNITY = Role("opportunity", _names(
    """risk_reduction, opportunity_enablement, risk_reduction_opportunity_enablement, rr_oe, rroe, rr, oe,
    risk_reduction_and_or_opportunity_enablement, risk_reduction_and_opportunity_enablement, rr_oe_value,
    risk_reduction_value, risk_opportunity, risk_and_opportunity, risk_reduction_opportunity, risikominderung"""
))  # fmt: skip
JOB_SIZE = Role("size", _names(
    "job_size, job_duration, size, duration, effort, story_points, job_length, estimate, grosse, dauer, storrelse"
))  # fmt: skip
DELAY = Role("delay", _names(
    "cost_of_delay, cod, delay_cost, cost_of_delay_per_week, cost_of_delay_per_month, verzogerungskosten"
))  # fmt: skip
DURATION = Role("duration", _names(
    "duration, duration_weeks, weeks, months, length, lead_time, time_to_build, dauer, varighed, duree, effort"
))  # fmt: skip
P10 = Role("p10", _names(
    """p10, q10, p_10, low, low_estimate, lower, pessimistic, worst_case, minimum, min, conservative, niedrig,
    pessimistisch, lav, pessimistisk, 10_percent"""
))  # fmt: skip
P50 = Role("p50", _names(
    """p50, q50, p_50, median, likely, most_likely, best_guess, expected, base_case, mid, middle, realistic,
    wahrscheinlich, realistisch, sandsynlig, realistisk, 50_percent"""
))  # fmt: skip
P90 = Role("p90", _names(
    """p90, q90, p_90, high, high_estimate, upper, optimistic, best_case, maximum, max, hoch, optimistisch, hoj,
    optimistisk, 90_percent"""
))  # fmt: skip
IDEA_METRIC = Role("metric", _names(
    "metric, kpi, target_metric, success_metric, factor, goal_metric, moves, outcome_metric, kennzahl, metrik, maltal"
))  # fmt: skip
IDEA_COST = Role("cost", _names(
    "cost, costs, total_cost, budget, price, investment, build_cost, kosten, omkostning, omkostninger, pris, cout"
))  # fmt: skip
IDEA_TEAM = Role("team", _names(
    "team, team_name, squad, tribe, product_team, owning_team, department, abteilung, afdeling, equipe, equipo"
))  # fmt: skip
PRODUCT = Role("product", _names(
    "product, product_name, product_line, app, application, platform, produkt, producto, produit, prodotto"
))  # fmt: skip
STATUS = Role("status", _names("status, state, stage, phase, workflow_status, roadmap_status, stand, etat, estado"))
SCORE = Role("score", _names(
    """rice, rice_score, ice, ice_score, wsjf, wsjf_score, score, total_score, priority_score, prio_score, cd3,
    cost_of_delay_divided_by_duration, punktzahl, prioritat"""
))  # fmt: skip
RATER = Role("person", _names(
    """person, group, rater, respondent, name, participant, stakeholder, role, who, user, team, voter, employee, judge,
    full_name, your_name, first_name, respondent_id, participant_id, email, email_address, e_mail, e_mail_adresse,
    teilnehmer, befragter, befragte, mitarbeiter, vorname, rolle, gruppe, personne, nom, prenom, participante, groupe,
    navn, deltager, deltagere, nombre, persona, naam, deelnemer"""
))  # fmt: skip
FACTOR = Role("factor", _names(
    """factor, criterion, criteria, dimension, value_factor, value_driver, driver, attribute, faktor, kriterium,
    werttreiber, kriterien, criterio, critere"""
))  # fmt: skip
POINTS = Role("points", _names("points, weight, score, votes, rating, importance, allocation, punkte, gewicht, vaegt"))
RATER_GROUP = Role(
    "group",
    _names(
        "group, team, role, department, stakeholder, side, gruppe, rolle, abteilung, groupe, grupo, equipe, afdeling"
    ),
)
RELEASE_DATE = Role("date", _names(
    "date, release_date, released, released_at, shipped, deployed, deployed_at, launch_date, day, datum, dato"
))  # fmt: skip
RELEASE_NAME = Role("name", _names(
    "release, release_name, version, version_name, name, title, change, deployment, tag, milestone, build"
))  # fmt: skip
RELEASED_OF = Role("product", (*PRODUCT.names, *_names("app_name, package_name, package, repo, repository, service")))
PERIOD = Role("time", (*TIME.names, *_names(
    """month, week, quarter, period, year_month, month_year, year_week, iso_week, calendar_month, month_start,
    week_start, week_of, week_starting, month_beginning, monat, woche, kw, kalenderwoche, quartal, zeitraum, maned,
    uge, kvartal, mois, semaine, trimestre, mes, semana, maand, kwartaal, mese, settimana, year, jahr"""
)))  # fmt: skip
VALUE = Role("value", _names("value, kpi_value, metric_value, amount, count, total, y, wert, vaerdi, valeur"))
SERIES_UNIT = Role("unit", _names(
    """region, country, market, city, site, store, shop, branch, territory, state, area, segment, plan, platform,
    product, brand, channel, app, app_name, package_name, land, pays, pais, markt, filiale"""
))  # fmt: skip

EVENTS = Kind("events", "usage events", (USER, TIME, EVENT), about="one row per use: who, when, what")
USERS = Kind("users", "users", (USER,), (TIME,), "one row per user, with segments and outcomes as further columns")
FEATURES = Kind(
    "features", "features", (FEATURE_NAME,), (FEATURE_EVENTS, COST, SHIPPED, TEAM, PRODUCT, CADENCE, UPKEEP),
    "one row per feature, with at least one of event, cost, shipped, cadence, upkeep",
)  # fmt: skip
EXPOSURES = Kind(
    "exposures", "exposures", (USER, EXPERIMENT, VARIANT), (TIME,),
    "one row per user and experiment: who saw which variant",
)  # fmt: skip
UNITS = Kind(
    "experiment", "one experiment", (VARIANT,), (USER, EXPOSED),
    "one row per unit, with 2 to 5 variants and outcomes as further columns; `time` is the first exposure",
)  # fmt: skip
RESULTS = Kind(
    "results", "past results", (EXPERIMENT, ESTIMATE), (METRIC, SE, LOW, HIGH, P_VALUE, Z_VALUE, N, VARIANT, TIME),
    "one row per experiment and metric: an estimate with se, or low and high of a 95 % interval, or a p-value",
)  # fmt: skip
AGGREGATES = Kind(
    "aggregates", "past results per arm", (EXPERIMENT, N), (METRIC, VARIANT, MEAN, SD, VARIANCE, CONVERSIONS, SE, TIME),
    "n with mean and sd, or with conversions, of each arm: a row per arm, or columns such as n_control, n_treatment",
)  # fmt: skip
IDEAS = Kind(
    "ideas", "ideas", (TITLE,),
    (
        REACH, IMPACT, CONFIDENCE, EFFORT, EASE, WORTH, CRITICALITY, OPPORTUNITY, JOB_SIZE, DELAY, DURATION, P10, P50,
        P90, IDEA_METRIC, IDEA_COST, IDEA_TEAM, PRODUCT, STATUS, SCORE,
    ),
    "one row per idea: reach, impact, confidence, effort (RICE); or impact, confidence, ease (ICE); or value, time"
    " criticality, risk reduction, job size (WSJF); or value, effort; or cost of delay, duration; or p10, p50, p90 of"
    " what it brings; or, beside opinions, a column for each factor",
)  # fmt: skip
RELEASES = Kind(
    "releases", "releases", (RELEASE_DATE, RELEASE_NAME), (TEAM, RELEASED_OF),
    "one row per release: when what came out; beside a KPI series it is told whether anything changed",
)  # fmt: skip
SERIES = Kind(
    "series", "a KPI series", (PERIOD, VALUE), (METRIC, SERIES_UNIT),
    "one row per day (or week, or month): the value of each metric, in a column of its own or named in a column, and of"
    " each region, where there are several",
)  # fmt: skip
OPINIONS = Kind(
    "opinions", "opinions", (RATER, FACTOR, POINTS), (RATER_GROUP,),
    "one row per person (or group) and factor, with the points it gets; or a row per person and a column per factor;"
    " or a column per person and a row per factor. Points may be shared out (all rows sum to 100), be of 0 to 100, or"
    " ratings up to 5, 7 or 10; ranks and words are not taken, as they do not say how much more one counts",
)  # fmt: skip

KINDS = (EVENTS, USERS, FEATURES, EXPOSURES, UNITS, RESULTS, AGGREGATES, IDEAS, RELEASES, SERIES, OPINIONS)
BY_KEY = {kind.key: kind for kind in KINDS}
