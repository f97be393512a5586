"""
Emissions of a source stream: the formulas of Annexes II and III of the act on embedded emissions.

Every function takes a float or a column. Factors are arguments: those of the
law are read by ``cbam.emitted``, those of the plant are its input.
"""

from __future__ import annotations

from models.units import GJ_PER_TJ, KG_PER_T, Numbers


def combustion_emissions(
    energy_gj: Numbers, ef_tco2_per_tj: Numbers, oxidation: Numbers, biomass_share: Numbers
) -> Numbers:
    """
    CO2 of burning a fuel.

    Parameters
    ----------
    energy_gj : float or array, shape (n,)
        Activity data times net calorific value, GJ.
    ef_tco2_per_tj : float or array, shape (n,)
        Emission factor of the whole fuel as if it were fossil, tCO2 per TJ.
    oxidation : float or array, shape (n,)
        Fraction oxidised, 1 where nothing is taken off.
    biomass_share : float or array, shape (n,)
        Zero-rated biomass fraction of the carbon, 0 where it is not known or not proven.

    Returns
    -------
    float or array, shape (n,)
        tCO2 = AD NCV EF OF (1 - BF). ``eu-2025-2547`` Annex II, B.3.1.

    Examples
    --------
    >>> round(combustion_emissions(48_000.0, 56.1, 1.0, 0.0), 6)
    2692.8
    """
    return energy_gj / GJ_PER_TJ * ef_tco2_per_tj * oxidation * (1.0 - biomass_share)


def process_emissions(
    amount: Numbers, ef_tco2_per_unit: Numbers, conversion: Numbers, biomass_share: Numbers
) -> Numbers:
    """
    CO2 of a process material, such as limestone; also of a fuel whose factor is per tonne.

    Parameters
    ----------
    amount : float or array, shape (n,)
        Activity data in its unit, such as t.
    ef_tco2_per_unit : float or array, shape (n,)
        Emission factor, tCO2 per unit of the amount.
    conversion : float or array, shape (n,)
        Fraction converted (oxidised), 1 where nothing is taken off.
    biomass_share : float or array, shape (n,)
        As in ``combustion_emissions``.

    Returns
    -------
    float or array, shape (n,)
        tCO2 = AD EF CF (1 - BF). ``eu-2025-2547`` Annex II, B.3.1.

    Examples
    --------
    >>> round(process_emissions(1000.0, 0.44, 1.0, 0.0), 6)
    440.0
    """
    return amount * ef_tco2_per_unit * conversion * (1.0 - biomass_share)


def carbon_emissions(mass_t: Numbers, carbon_share: Numbers, co2_per_carbon: float, biomass_share: Numbers) -> Numbers:
    """
    CO2 equivalent of the carbon in one material of a mass balance.

    Parameters
    ----------
    mass_t : float or array, shape (n,)
        Mass of the material, t; negative where it leaves with its carbon.
    carbon_share : float or array, shape (n,)
        Carbon content, t C per t.
    co2_per_carbon : float
        ``eu.cbam.monitoring.co2_per_carbon``: the act writes 3.664.
    biomass_share : float or array, shape (n,)
        As in ``combustion_emissions``.

    Returns
    -------
    float or array, shape (n,)
        tCO2 = f AD CC (1 - BF); the sum over what enters and leaves is what is
        emitted. ``eu-2025-2547`` Annex II, B.3.2, Equations 12 and 15.

    Examples
    --------
    >>> round(carbon_emissions(-1000.0, 0.002, 3.664, 0.0), 6)
    -7.328
    """
    return co2_per_carbon * mass_t * carbon_share * (1.0 - biomass_share)


def cf4_by_slope(aluminium_t: Numbers, anode_effect_minutes: Numbers, slope: Numbers) -> Numbers:
    """
    CF4 of anode effects by the slope method.

    Parameters
    ----------
    aluminium_t : float or array, shape (n,)
        Primary aluminium produced, t.
    anode_effect_minutes : float or array, shape (n,)
        Anode-effect minutes per cell-day (frequency times mean duration).
    slope : float or array, shape (n,)
        Slope emission factor, (kg CF4 per t Al) per (anode-effect minute per cell-day).

    Returns
    -------
    float or array, shape (n,)
        t CF4 = AEM (SEF / 1000) PrAl. ``eu-2025-2547`` Annex II, B.7.1, Equation 21.

    Examples
    --------
    >>> round(cf4_by_slope(100_000.0, 0.5, 0.143), 9)
    7.15
    """
    return anode_effect_minutes * (slope / KG_PER_T) * aluminium_t


def cf4_by_overvoltage(
    aluminium_t: Numbers, overvoltage_mv: Numbers, current_efficiency: Numbers, coefficient: Numbers
) -> Numbers:
    """
    CF4 of anode effects by the overvoltage method.

    Parameters
    ----------
    aluminium_t : float or array, shape (n,)
        Primary aluminium produced, t.
    overvoltage_mv : float or array, shape (n,)
        Anode-effect overvoltage per cell, mV.
    current_efficiency : float or array, shape (n,)
        Average current efficiency as a fraction. The act prints its unit as
        per cent; its coefficients are those of the IPCC, whose formula divides
        the per cent by 100.
    coefficient : float or array, shape (n,)
        Overvoltage coefficient, kg CF4 per t Al per mV.

    Returns
    -------
    float or array, shape (n,)
        t CF4 = OVC (AEO / CE) PrAl 0.001. ``eu-2025-2547`` Annex II, B.7.2, Equation 24.

    Examples
    --------
    >>> round(cf4_by_overvoltage(95_000.0, 2.0, 0.95, 1.16), 9)
    232.0
    """
    return coefficient * (overvoltage_mv / current_efficiency) * aluminium_t / KG_PER_T


def pfc_emissions(
    cf4_t: Numbers, c2f6_per_cf4: Numbers, gwp_cf4: float, gwp_c2f6: float, collection_efficiency: Numbers
) -> Numbers:
    """
    CO2 equivalent of perfluorocarbons.

    Parameters
    ----------
    cf4_t : float or array, shape (n,)
        CF4 through duct or stack, t.
    c2f6_per_cf4 : float or array, shape (n,)
        Weight fraction, t C2F6 per t CF4.
    gwp_cf4, gwp_c2f6 : float
        ``eu.cbam.monitoring.gwp_cf4`` and ``gwp_c2f6``, tCO2e per t.
    collection_efficiency : float or array, shape (n,)
        Of the duct, a fraction; 1 where the factors cover fugitive emissions too.

    Returns
    -------
    float or array, shape (n,)
        tCO2e = (CF4 GWP + CF4 F GWP) / collection efficiency.
        ``eu-2025-2547`` Annex II, B.7, Equations 20, 22, 25 and 26.

    Examples
    --------
    >>> round(pfc_emissions(7.15, 0.121, 6630.0, 11100.0, 1.0), 3)
    57007.665
    """
    return (cf4_t * gwp_cf4 + cf4_t * c2f6_per_cf4 * gwp_c2f6) / collection_efficiency


def heat_emissions(heat_gj: Numbers, ef_tco2_per_tj: Numbers) -> Numbers:
    """
    Emissions of measurable heat that enters or leaves a process.

    Parameters
    ----------
    heat_gj : float or array, shape (n,)
        Net measurable heat, GJ.
    ef_tco2_per_tj : float or array, shape (n,)
        Emission factor of the heat, tCO2 per TJ of heat.

    Returns
    -------
    float or array, shape (n,)
        tCO2e. ``eu-2025-2547`` Annex III, A.2.2.

    Examples
    --------
    >>> heat_emissions(5000.0, 100.0)
    500.0
    """
    return heat_gj / GJ_PER_TJ * ef_tco2_per_tj


def heat_factor(ef_tco2_per_tj: Numbers, boiler_efficiency: float) -> Numbers:
    """
    Emission factor of heat whose fuel mix is not known.

    Parameters
    ----------
    ef_tco2_per_tj : float or array, shape (n,)
        Standard factor of the fuel most common in the industry of the country,
        tCO2 per TJ of fuel.
    boiler_efficiency : float
        ``eu.cbam.monitoring.boiler_efficiency``.

    Returns
    -------
    float or array, shape (n,)
        tCO2 per TJ of heat. ``eu-2025-2547`` Annex III, A.2.2(2).

    Examples
    --------
    >>> round(heat_factor(56.1, 0.9), 6)
    62.333333
    """
    return ef_tco2_per_tj / boiler_efficiency


def waste_gas_emissions(energy_gj: Numbers, natural_gas_tco2_per_tj: float, correction: float) -> Numbers:
    """
    Emissions that go with waste gas: those of natural gas of the same energy.

    Parameters
    ----------
    energy_gj : float or array, shape (n,)
        Volume times net calorific value, GJ.
    natural_gas_tco2_per_tj : float
        ``eu.cbam.standard_fuels`` of natural gas, tCO2 per TJ.
    correction : float
        ``eu.cbam.monitoring.waste_gas_correction`` for gas that leaves, 1 for gas that enters.

    Returns
    -------
    float or array, shape (n,)
        tCO2e = V NCV EF Corr. ``eu-2025-2547`` Annex III, A.3.

    Examples
    --------
    >>> round(waste_gas_emissions(10_000.0, 56.1, 0.667), 6)
    374.187
    """
    return energy_gj / GJ_PER_TJ * natural_gas_tco2_per_tj * correction


def electricity_emissions(electricity_mwh: Numbers, ef_tco2_per_mwh: Numbers) -> Numbers:
    """
    Emissions of electricity: direct ones taken off where it leaves, indirect ones where it is used.

    Parameters
    ----------
    electricity_mwh : float or array, shape (n,)
        Electricity, MWh.
    ef_tco2_per_mwh : float or array, shape (n,)
        Emission factor, tCO2 per MWh.

    Returns
    -------
    float or array, shape (n,)
        tCO2e. ``eu-2025-2547`` Annex III, A.3.

    Examples
    --------
    >>> electricity_emissions(1000.0, 0.5)
    500.0
    """
    return electricity_mwh * ef_tco2_per_mwh
