/** What is said of the policies without running anything: one synthesis for all of it, which takes longer than the rest. */
import './catalogue.suite.ts';
import './denied-calls.suite.ts';
import './template-checks.suite.ts';
