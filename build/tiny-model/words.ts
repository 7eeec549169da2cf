/** Everyday and clinical words that the tiny model answers with; no names, no numbers, nothing that reads as advice. */
export const words: readonly string[] = `
a about after again all also am an and any are as at back be because been before better both but by came can cannot
change clear come cough daily day days did do does done down during each eat eating end even evening every feel
feeling feels fever few first follow food for from full further gave get give go going good got had half hand hands
has have he head hear heard help her here high him his home hour hours how if in into is it its just keep kept knee
know last late left less let like little long look looked looking lot low made make many may me meal medicine mild
month months more morning most much my name near neck need needs new next night no none normal nose not note noted
now nurse of off often old on once one only or other our out over own pain painful part past patient plan please
present pressure put quite rash rate read ready really reason record red report reported reports rest result results
return review right room said same say says see seen sent shall she short should shoulder show side sign signs since
sit skin sleep sleeping slight slow small so some soon sore sound sounds stand start state stay still stomach stop
strong such sure swelling symptom symptoms take taken takes taking talk tell test tests than that the their them then
there these they thing things this those three throat through time times tired to today told tomorrow too took two
under until up upper us use used using usual very visit visits wait walk walking want warm was water way we weak week
weeks weight well went were what when where which while who will with without woke work would write year years
yesterday yet you your appointment asked breath breathing chest clinic comfortable dizziness doctor dose family
headache heart history improved lungs muscle nausea question questions relief stairs summary tablet tablets
temperature treatment worse young
`
  .trim()
  .split(/\s+/);
