/**
 * What the service tells, as its OpenAPI document says.
 *
 * @typedef {{id: string, login: string, name: string, role: string, extension: string, mobile: string, state: string,
 *   until: string | null, deputy: Deputy | null}} Person
 * @typedef {{id: string, name: string, extension: string, mobile: string, state: string}} Deputy
 * @typedef {{party: string, internal: boolean, called: boolean, outcome: string, doing: string, talk_s: number}} CallParty
 * @typedef {{kind: string, from: string, to: string, answered: boolean, cancelled: boolean}} Transfer
 * @typedef {{at: string, by: string, text: string}} Note
 * @typedef {{id: string, state: string, direction: string, caller: string, caller_name: string, number: string,
 *   did: string, started_at: string, ended_at: string | null, answered_by: string | null, outcome: string,
 *   missed: boolean, asks: string, queue: string, talk_s: number, transfers: Transfer[], parties: CallParty[], notes: Note[],
 *   party_id: string | null}} Call
 * @typedef {{id: string, kind: string, direction: string, ref: string, person_name: string, user_name: string,
 *   started_at: string, outcome: string, text: string, document: string}} Interaction
 * @typedef {{id: string, name: string, extension: string, mobile: string, active: boolean, state: string,
 *   until: string | null, deputy: Deputy | null}} Responsible
 * @typedef {{party: {id: string, name: string, kind: string}, person: {name: string, position: string} | null,
 *   responsible: Responsible | null, certainty: string, restricted: boolean, notes: string, last: Interaction[]}} Match
 * @typedef {{number: string, kind: string, colleague: Person | null, items: Match[]}} Caller
 * @typedef {{link: string, state: string, reason: string, cards: {party: string, person: string,
 *   responsible: string, extension: string, copied_at: string | null}[]}} CrmAnswer
 * @typedef {{call: Call, caller: Caller, part: string, pops: boolean, crm: CrmAnswer[],
 *   stage?: "ringing" | "talking" | "asking" | "asked" | "passed" | "parked" | "taken" | "missed" | "ended"}} Card
 * @typedef {{id: string, direction: string, state: string, number: string, name: string, company: string, subject: string,
 *   station_id: string, called: string, server: string, text: string, pages: number, pages_sent: number, error: string, reason: string | null,
 *   cancelling: boolean, read_at: string | null, at: string,
 *   tries?: {server: string, began_at: string, pages_sent: number, reason: string | null, text: string}[]}} Fax
 * @typedef {any} Task
 */
export {};
