<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en_US">
 <context>
  <name>AnnotatePanel</name>
  <message>
   <source>Open a case in the Study section</source>
   <translation>Im Abschnitt Studie einen Fall öffnen</translation>
  </message>
  <message>
   <source>Case in view</source>
   <translation>Gezeigter Fall</translation>
  </message>
  <message>
   <source>Not finished</source>
   <translation>Noch nicht fertig</translation>
  </message>
  <message>
   <source>This case was saved as finished. Take that back: it trains no longer until you save it again. What is drawn stays.</source>
   <translation>Dieser Fall wurde als fertig gespeichert. Das zurücknehmen: Er trainiert nicht mehr mit, bis Sie ihn wieder speichern. Das Gezeichnete bleibt.</translation>
  </message>
  <message>
   <source>Start from the model</source>
   <translation>Vom Modell ausgehen</translation>
  </message>
  <message>
   <source>Replace what is drawn by what the newest model finds in this case; saved versions are kept, and undo takes it back.</source>
   <translation>Das Gezeichnete durch das ersetzen, was das neueste Modell in diesem Fall findet; gespeicherte Fassungen bleiben, und „Rückgängig“ nimmt es zurück.</translation>
  </message>
  <message>
   <source>Grey values:</source>
   <translation>Grauwerte:</translation>
  </message>
  <message>
   <source>&amp;Bone</source>
   <translation>&amp;Knochen</translation>
  </message>
  <message>
   <source>Show the grey values so that bone is easy to see: window 2000, level 500 HU.</source>
   <translation>Die Grauwerte so zeigen, dass Knochen gut zu sehen ist: Fenster 2000, Mitte 500 HU.</translation>
  </message>
  <message>
   <source>Soft &amp;tissue</source>
   <translation>Wei&amp;chteile</translation>
  </message>
  <message>
   <source>Show the grey values so that muscles and vessels are easy to see: window 400, level 50 HU.</source>
   <translation>Die Grauwerte so zeigen, dass Muskeln und Gefäße gut zu sehen sind: Fenster 400, Mitte 50 HU.</translation>
  </message>
  <message>
   <source>Slicer's Segment Editor with the segments of the study.</source>
   <translation>Der Segmenteditor von Slicer mit den Segmenten der Studie.</translation>
  </message>
  <message>
   <source>Segment Editor</source>
   <translation>Segmenteditor</translation>
  </message>
  <message>
   <source>Protect other and completed segments</source>
   <translation>Andere und fertige Segmente schützen</translation>
  </message>
  <message>
   <source>Drawing never changes voxels of another segment, and none of a segment whose status is Completed.</source>
   <translation>Zeichnen ändert nie Voxel eines anderen Segments und keine eines Segments mit dem Status „fertig“.</translation>
  </message>
  <message>
   <source>Draw bone only</source>
   <translation>Nur Knochen</translation>
  </message>
  <message>
   <source>Drawing reaches only voxels above 150 HU, where the Threshold effect begins too.</source>
   <translation>Zeichnen erreicht nur Voxel über 150 HU; dort beginnt auch das Werkzeug Schwellenwert.</translation>
  </message>
  <message>
   <source>Only some slices are annotated</source>
   <translation>Nur einige Schichten sind annotiert</translation>
  </message>
  <message>
   <source>The other slices are ignored in training, so that ten good slices already help.</source>
   <translation>Die übrigen Schichten zählen im Training nicht, so dass schon zehn gute Schichten helfen.</translation>
  </message>
  <message>
   <source>Annotated slices</source>
   <translation>Annotierte Schichten</translation>
  </message>
  <message>
   <source>&amp;Mark this slice</source>
   <translation>Diese Schicht &amp;markieren</translation>
  </message>
  <message>
   <source>Count the axial slice in view as annotated although nothing is drawn in it; press again to take it back.</source>
   <translation>Die gezeigte axiale Schicht gilt als annotiert, obwohl nichts darin gezeichnet ist; erneut drücken nimmt es zurück.</translation>
  </message>
  <message>
   <source>Annotated by:</source>
   <translation>Von:</translation>
  </message>
  <message>
   <source>name or initials</source>
   <translation>Name oder Kürzel</translation>
  </message>
  <message>
   <source>Kept with this version of the labels, in the study alone.</source>
   <translation>Wird nur in der Studie bei dieser Fassung aufbewahrt.</translation>
  </message>
  <message>
   <source>Annotated by</source>
   <translation>Annotiert von</translation>
  </message>
  <message>
   <source>Save</source>
   <translation>Speichern</translation>
  </message>
  <message>
   <source>Ctrl+Shift+S</source>
   <translation>Ctrl+Shift+S</translation>
  </message>
  <message>
   <source>Save the drawing as a new version (Ctrl+Shift+S); earlier versions are kept.</source>
   <translation>Die Zeichnung als neue Fassung speichern (Strg+Umschalt+S); frühere Fassungen bleiben erhalten.</translation>
  </message>
  <message>
   <source>Save and next</source>
   <translation>Speichern und weiter</translation>
  </message>
  <message>
   <source>Ctrl+Shift+N</source>
   <translation>Ctrl+Shift+N</translation>
  </message>
  <message>
   <source>Save, then open the case to annotate next (Ctrl+Shift+N).</source>
   <translation>Speichern, dann den Fall öffnen, der als Nächstes zu annotieren ist (Strg+Umschalt+N).</translation>
  </message>
 </context>
 <context>
  <name>ModelsPanel</name>
  <message>
   <source>Models of the open study: what each was trained on, when, and how good it is.</source>
   <translation>Modelle der geöffneten Studie: womit und wann jedes trainiert wurde und wie gut es ist.</translation>
  </message>
  <message>
   <source>Models of the study</source>
   <translation>Modelle der Studie</translation>
  </message>
  <message>
   <source>Model</source>
   <translation>Modell</translation>
  </message>
  <message>
   <source>Trained</source>
   <translation>Trainiert</translation>
  </message>
  <message>
   <source>IoU</source>
   <translation>IoU</translation>
  </message>
  <message>
   <source>HD95 (mm)</source>
   <translation>HD95 (mm)</translation>
  </message>
  <message>
   <source>MiB</source>
   <translation>MiB</translation>
  </message>
  <message>
   <source>What the selected model was trained on, when, and how good it is.</source>
   <translation>Womit und wann das ausgewählte Modell trainiert wurde und wie gut es ist.</translation>
  </message>
  <message>
   <source>Description of the selected model</source>
   <translation>Beschreibung des ausgewählten Modells</translation>
  </message>
  <message>
   <source>Use it</source>
   <translation>Verwenden</translation>
  </message>
  <message>
   <source>Segment with the selected model from now on.</source>
   <translation>Von jetzt an mit dem ausgewählten Modell segmentieren.</translation>
  </message>
  <message>
   <source>Import…</source>
   <translation>Import…</translation>
  </message>
  <message>
   <source>Copy a model file into the study.</source>
   <translation>Eine Modelldatei in die Studie kopieren.</translation>
  </message>
  <message>
   <source>Export…</source>
   <translation>Export…</translation>
  </message>
  <message>
   <source>Copy the selected model to a folder; it holds no patient data.</source>
   <translation>Das ausgewählte Modell in einen Ordner kopieren; es enthält keine Patientendaten.</translation>
  </message>
  <message>
   <source>Delete…</source>
   <translation>Löschen…</translation>
  </message>
  <message>
   <source>Delete the selected model for good; asks first.</source>
   <translation>Das ausgewählte Modell endgültig löschen; fragt vorher.</translation>
  </message>
 </context>
 <context>
  <name>ReviewPanel</name>
  <message>
   <source>Case and its result</source>
   <translation>Fall und sein Ergebnis</translation>
  </message>
  <message>
   <source>Segment this case</source>
   <translation>Diesen Fall segmentieren</translation>
  </message>
  <message>
   <source>Let the newest model segment the case in view; takes a minute or more without a GPU.</source>
   <translation>Das neueste Modell den gezeigten Fall segmentieren lassen; dauert ohne GPU eine Minute oder mehr.</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>End segmenting.</source>
   <translation>Die Segmentierung beenden.</translation>
  </message>
  <message>
   <source>How far segmenting is</source>
   <translation>Wie weit die Segmentierung ist</translation>
  </message>
  <message>
   <source>&amp;Prediction</source>
   <translation>Vorhersa&amp;ge</translation>
  </message>
  <message>
   <source>The segments that the model found.</source>
   <translation>Die Segmente, die das Modell gefunden hat.</translation>
  </message>
  <message>
   <source>&amp;Uncertainty</source>
   <translation>&amp;Unsicherheit</translation>
  </message>
  <message>
   <source>Where the model is unsure: it looked several times and did not find the same each time.</source>
   <translation>Wo das Modell unsicher ist: Es sah mehrmals hin und fand nicht jedes Mal dasselbe.</translation>
  </message>
  <message>
   <source>Matched</source>
   <translation>Zugeordnet</translation>
  </message>
  <message>
   <source>What comes out if each place is compared with the most similar annotated places, inside and outside of bone.</source>
   <translation>Was herauskommt, wenn jede Stelle mit den ähnlichsten annotierten Stellen innerhalb und außerhalb des Knochens verglichen wird.</translation>
  </message>
  <message>
   <source>Provenance</source>
   <translation>Herkunft</translation>
  </message>
  <message>
   <source>Where each label comes from: from an annotation, from the model where it is sure, or from the comparison with annotated places.</source>
   <translation>Woher jede Markierung kommt: von einer Annotation, vom Modell, wo es sicher ist, oder vom Vergleich mit annotierten Stellen.</translation>
  </message>
  <message>
   <source>Difference</source>
   <translation>Unterschied</translation>
  </message>
  <message>
   <source>Where the model and what is drawn differ.</source>
   <translation>Wo sich das Modell und die Zeichnung unterscheiden.</translation>
  </message>
  <message>
   <source>Legend</source>
   <translation>Legende</translation>
  </message>
  <message>
   <source>Opacity:</source>
   <translation>Deckkraft:</translation>
  </message>
  <message>
   <source>Opacity of the overlay.</source>
   <translation>Deckkraft der Überlagerung.</translation>
  </message>
  <message>
   <source>Opacity of the overlay</source>
   <translation>Deckkraft der Überlagerung</translation>
  </message>
  <message>
   <source>Most uncertain places:</source>
   <translation>Unsicherste Stellen:</translation>
  </message>
  <message>
   <source>Choose a place to move all views there; the largest and most uncertain come first.</source>
   <translation>Eine Stelle wählen, um alle Ansichten dorthin zu bewegen; die größten und unsichersten stehen oben.</translation>
  </message>
  <message>
   <source>Most uncertain places</source>
   <translation>Unsicherste Stellen</translation>
  </message>
  <message>
   <source>Previous place</source>
   <translation>Vorige Stelle</translation>
  </message>
  <message>
   <source>Ctrl+Shift+PgUp</source>
   <translation>Ctrl+Shift+PgUp</translation>
  </message>
  <message>
   <source>Move all views to the place before (Ctrl+Shift+PgUp).</source>
   <translation>Alle Ansichten zur vorigen Stelle bewegen (Strg+Umschalt+Bild auf).</translation>
  </message>
  <message>
   <source>Next place</source>
   <translation>Nächste Stelle</translation>
  </message>
  <message>
   <source>Ctrl+Shift+PgDown</source>
   <translation>Ctrl+Shift+PgDown</translation>
  </message>
  <message>
   <source>Move all views to the next place (Ctrl+Shift+PgDown).</source>
   <translation>Alle Ansichten zur nächsten Stelle bewegen (Strg+Umschalt+Bild ab).</translation>
  </message>
  <message>
   <source>&amp;Accept</source>
   <translation>A&amp;nnehmen</translation>
  </message>
  <message>
   <source>The result is good as it is. Where nothing is annotated yet, it becomes the annotation and trains, if the box below is checked.</source>
   <translation>Das Ergebnis ist gut, wie es ist. Wo noch nichts annotiert ist, wird es zur Annotation und trainiert, wenn das Kästchen darunter angekreuzt ist.</translation>
  </message>
  <message>
   <source>Ed&amp;it</source>
   <translation>Bea&amp;rbeiten</translation>
  </message>
  <message>
   <source>Correct a copy of the result in the Segment Editor; saved annotations are kept.</source>
   <translation>Eine Kopie des Ergebnisses im Segmenteditor korrigieren; gespeicherte Annotationen bleiben erhalten.</translation>
  </message>
  <message>
   <source>Re&amp;ject</source>
   <translation>Ver&amp;werfen</translation>
  </message>
  <message>
   <source>The result is not usable; the decision is kept.</source>
   <translation>Das Ergebnis ist nicht brauchbar; die Entscheidung bleibt erhalten.</translation>
  </message>
  <message>
   <source>Take back</source>
   <translation>Zurücknehmen</translation>
  </message>
  <message>
   <source>The accepted result is no annotation any more and does not train.</source>
   <translation>Das angenommene Ergebnis ist keine Annotation mehr und trainiert nicht.</translation>
  </message>
  <message>
   <source>Accepted results train</source>
   <translation>Angenommene Ergebnisse trainieren</translation>
  </message>
  <message>
   <source>Accept makes the result the annotation of a case that has none, marked as the model's own; nothing is measured on it.</source>
   <translation>Annehmen macht das Ergebnis zur Annotation eines Falls, der keine hat, und vermerkt, dass sie vom Modell stammt; an ihr wird nichts gemessen.</translation>
  </message>
  <message>
   <source>Cases worth annotating next:</source>
   <translation>Fälle, die sich als Nächstes lohnen:</translation>
  </message>
  <message>
   <source>Cases without annotation, the one that the model is least sure of first; Enter or a double click opens one.</source>
   <translation>Fälle ohne Annotation, zuerst der, bei dem das Modell am unsichersten ist; Eingabetaste oder Doppelklick öffnet einen.</translation>
  </message>
  <message>
   <source>Cases worth annotating next</source>
   <translation>Fälle, die sich als Nächstes lohnen</translation>
  </message>
  <message>
   <source>Cases that no model has looked at</source>
   <translation>Fälle, die noch kein Modell angesehen hat</translation>
  </message>
  <message>
   <source>Rank cases</source>
   <translation>Fälle reihen</translation>
  </message>
  <message>
   <source>Let the newest model look at every case without annotation; takes minutes without a GPU.</source>
   <translation>Das neueste Modell jeden Fall ohne Annotation ansehen lassen; dauert ohne GPU Minuten.</translation>
  </message>
  <message>
   <source>Open case</source>
   <translation>Fall öffnen</translation>
  </message>
  <message>
   <source>Bring the chosen case into view.</source>
   <translation>Den gewählten Fall zeigen.</translation>
  </message>
 </context>
 <context>
  <name>SegmentPanel</name>
  <message>
   <source>Model:</source>
   <translation>Modell:</translation>
  </message>
  <message>
   <source>A model of the open study; the newest comes first.</source>
   <translation>Ein Modell der geöffneten Studie; das neueste steht oben.</translation>
  </message>
  <message>
   <source>Model</source>
   <translation>Modell</translation>
  </message>
  <message>
   <source>Loaded in Slicer:</source>
   <translation>In Slicer geladen:</translation>
  </message>
  <message>
   <source>A CT that is loaded in Slicer.</source>
   <translation>Ein CT, das in Slicer geladen ist.</translation>
  </message>
  <message>
   <source>Loaded volume to segment</source>
   <translation>Geladenes Volumen zum Segmentieren</translation>
  </message>
  <message>
   <source>Add</source>
   <translation>Hinzufügen</translation>
  </message>
  <message>
   <source>Put the chosen volume on the list.</source>
   <translation>Das gewählte Volumen auf die Liste setzen.</translation>
  </message>
  <message>
   <source>Add scans:</source>
   <translation>Aufnahmen:</translation>
  </message>
  <message>
   <source>Add files…</source>
   <translation>Dateien…</translation>
  </message>
  <message>
   <source>Put NIfTI, NRRD or MHA files on the list.</source>
   <translation>NIfTI-, NRRD- oder MHA-Dateien auf die Liste setzen.</translation>
  </message>
  <message>
   <source>Add folder…</source>
   <translation>Ordner…</translation>
  </message>
  <message>
   <source>Put all scans of a folder, or one DICOM series, on the list.</source>
   <translation>Alle Aufnahmen eines Ordners oder eine DICOM-Serie auf die Liste setzen.</translation>
  </message>
  <message>
   <source>Clear list</source>
   <translation>Liste leeren</translation>
  </message>
  <message>
   <source>Empty the list; results stay on disk.</source>
   <translation>Die Liste leeren; Ergebnisse bleiben auf dem Datenträger.</translation>
  </message>
  <message>
   <source>Scans to segment, and what has become of them.</source>
   <translation>Aufnahmen zum Segmentieren und was aus ihnen wurde.</translation>
  </message>
  <message>
   <source>Scans to segment</source>
   <translation>Aufnahmen zum Segmentieren</translation>
  </message>
  <message>
   <source>Scan</source>
   <translation>Aufnahme</translation>
  </message>
  <message>
   <source>State</source>
   <translation>Stand</translation>
  </message>
  <message>
   <source>Result</source>
   <translation>Ergebnis</translation>
  </message>
  <message>
   <source>Remove parts below</source>
   <translation>Teile entfernen unter</translation>
  </message>
  <message>
   <source> mm³</source>
   <translation> mm³</translation>
  </message>
  <message>
   <source>Smaller unconnected parts are removed.</source>
   <translation>Kleinere unverbundene Teile werden entfernt.</translation>
  </message>
  <message>
   <source>Smallest part to keep</source>
   <translation>Kleinster Teil, der bleibt</translation>
  </message>
  <message>
   <source>Only the largest</source>
   <translation>Nur größter Teil</translation>
  </message>
  <message>
   <source>Keep only the largest part of each segment.</source>
   <translation>Von jedem Segment nur den größten Teil behalten.</translation>
  </message>
  <message>
   <source>Tell left from right</source>
   <translation>Links und rechts trennen</translation>
  </message>
  <message>
   <source>Give the bones of each side a segment of their own; else both sides share one.</source>
   <translation>Den Knochen jeder Seite ein eigenes Segment geben; sonst teilen sich beide Seiten eines.</translation>
  </message>
  <message>
   <source>Uncertainty too</source>
   <translation>Auch Unsicherheit</translation>
  </message>
  <message>
   <source>Also write maps of uncertainty, matched labels and provenance; takes several times as long.</source>
   <translation>Auch Karten von Unsicherheit, zugeordneten Labels und Herkunft schreiben; dauert mehrfach so lange.</translation>
  </message>
  <message>
   <source>Save as:</source>
   <translation>Sichern als:</translation>
  </message>
  <message>
   <source>Format of the result files.</source>
   <translation>Format der Ergebnisdateien.</translation>
  </message>
  <message>
   <source>Format of the results</source>
   <translation>Format der Ergebnisse</translation>
  </message>
  <message>
   <source>Start…</source>
   <translation>Start…</translation>
  </message>
  <message>
   <source>Choose a folder for the results, then segment all scans on the list.</source>
   <translation>Einen Ordner für die Ergebnisse wählen, dann alle Aufnahmen der Liste segmentieren.</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>End the scan at work; finished scans are kept.</source>
   <translation>Die laufende Aufnahme beenden; fertige bleiben erhalten.</translation>
  </message>
  <message>
   <source>How far all scans of the list are.</source>
   <translation>Wie weit alle Aufnahmen der Liste sind.</translation>
  </message>
  <message>
   <source>Progress of all scans</source>
   <translation>Fortschritt aller Aufnahmen</translation>
  </message>
  <message>
   <source>The selected scan, once it is done:</source>
   <translation>Die ausgewählte Aufnahme, sobald sie fertig ist:</translation>
  </message>
  <message>
   <source>Show</source>
   <translation>Zeigen</translation>
  </message>
  <message>
   <source>Show the selected scan with its result in the slice views.</source>
   <translation>Die ausgewählte Aufnahme mit ihrem Ergebnis in den Schichtansichten zeigen.</translation>
  </message>
  <message>
   <source>Show in 3D</source>
   <translation>In 3D zeigen</translation>
  </message>
  <message>
   <source>Make the surfaces of the selected result and show them in the 3D view.</source>
   <translation>Die Oberflächen des ausgewählten Ergebnisses erzeugen und in der 3D-Ansicht zeigen.</translation>
  </message>
  <message>
   <source>Smoothing:</source>
   <translation>Glättung:</translation>
  </message>
  <message>
   <source> %</source>
   <translation> %</translation>
  </message>
  <message>
   <source>How smooth surfaces are in 3D and in files; at 0 every voxel shows. The labels stay as they are.</source>
   <translation>Wie glatt Oberflächen in 3D und in Dateien sind; bei 0 sieht man jedes Voxel. Die Labels bleiben, wie sie sind.</translation>
  </message>
  <message>
   <source>Smoothing of surfaces</source>
   <translation>Glättung der Oberflächen</translation>
  </message>
  <message>
   <source>Export as:</source>
   <translation>Export als:</translation>
  </message>
  <message>
   <source>Format of the exported files; surfaces are one file for each segment.</source>
   <translation>Format der exportierten Dateien; Oberflächen sind eine Datei je Segment.</translation>
  </message>
  <message>
   <source>Format of exported files</source>
   <translation>Format der exportierten Dateien</translation>
  </message>
  <message>
   <source>Export…</source>
   <translation>Export…</translation>
  </message>
  <message>
   <source>Write the selected result as it is shown now, with corrections made in Slicer.</source>
   <translation>Das ausgewählte Ergebnis schreiben, wie es jetzt zu sehen ist, mit Korrekturen aus Slicer.</translation>
  </message>
  <message>
   <source>End the export; no file is written.</source>
   <translation>Den Export beenden; keine Datei wird geschrieben.</translation>
  </message>
  <message>
   <source>Cancel the export</source>
   <translation>Den Export abbrechen</translation>
  </message>
  <message>
   <source>How far the export is.</source>
   <translation>Wie weit der Export ist.</translation>
  </message>
  <message>
   <source>Progress of the export</source>
   <translation>Fortschritt des Exports</translation>
  </message>
 </context>
 <context>
  <name>SemiSegEmbed</name>
  <message>
   <source>Learn to segment hip bones in CT from a few annotated scans and many unannotated ones: annotate, train in the background, review where the model is unsure, correct, train on.</source>
   <translation>Lernt aus wenigen annotierten und vielen nicht annotierten Aufnahmen, Hüftknochen im CT zu segmentieren: annotieren, im Hintergrund trainieren, prüfen, wo das Modell unsicher ist, korrigieren, weiter trainieren.</translation>
  </message>
  <message>
   <source>Implements semi-supervised segmentation via embedding matching. Not for clinical use.</source>
   <translation>Setzt halbüberwachte Segmentierung durch Einbettungsvergleich um. Nicht für den klinischen Einsatz.</translation>
  </message>
  <message>
   <source>Where you are</source>
   <translation>Wo Sie stehen</translation>
  </message>
  <message>
   <source>Go to what comes next.</source>
   <translation>Zu dem gehen, was als Nächstes kommt.</translation>
  </message>
  <message>
   <source>Next step</source>
   <translation>Nächster Schritt</translation>
  </message>
  <message>
   <source>Message</source>
   <translation>Meldung</translation>
  </message>
  <message>
   <source>Study</source>
   <translation>Studie</translation>
  </message>
  <message>
   <source>Create, open and fill a study; see all its cases.</source>
   <translation>Eine Studie anlegen, öffnen und füllen; alle ihre Fälle sehen.</translation>
  </message>
  <message>
   <source>Annotate</source>
   <translation>Annotieren</translation>
  </message>
  <message>
   <source>Draw the labels of the case in view.</source>
   <translation>Die Segmente des gezeigten Falls zeichnen.</translation>
  </message>
  <message>
   <source>Train</source>
   <translation>Trainieren</translation>
  </message>
  <message>
   <source>Learn from the annotated and the other cases, in the background.</source>
   <translation>Im Hintergrund aus den annotierten und den übrigen Fällen lernen.</translation>
  </message>
  <message>
   <source>Review</source>
   <translation>Prüfen</translation>
  </message>
  <message>
   <source>See where the model is unsure, and decide.</source>
   <translation>Sehen, wo das Modell unsicher ist, und entscheiden.</translation>
  </message>
  <message>
   <source>Segment</source>
   <translation>Segmentieren</translation>
  </message>
  <message>
   <source>Segment one or many new scans with a model.</source>
   <translation>Eine oder viele neue Aufnahmen mit einem Modell segmentieren.</translation>
  </message>
  <message>
   <source>Models</source>
   <translation>Modelle</translation>
  </message>
  <message>
   <source>Look at, import, export and delete models.</source>
   <translation>Modelle ansehen, importieren, exportieren und löschen.</translation>
  </message>
 </context>
 <context>
  <name>StudyPanel</name>
  <message>
   <source>Study:</source>
   <translation>Studie:</translation>
  </message>
  <message>
   <source>No study is open</source>
   <translation>Keine Studie geöffnet</translation>
  </message>
  <message>
   <source>Open study</source>
   <translation>Geöffnete Studie</translation>
  </message>
  <message>
   <source>For a new study:</source>
   <translation>Für eine neue:</translation>
  </message>
  <message>
   <source>What a new study is about; a study keeps its segments.</source>
   <translation>Worum es in einer neuen Studie geht; eine Studie behält ihre Segmente.</translation>
  </message>
  <message>
   <source>Segments of a new study</source>
   <translation>Segmente einer neuen Studie</translation>
  </message>
  <message>
   <source>&amp;New study…</source>
   <translation>Neue Stud&amp;ie…</translation>
  </message>
  <message>
   <source>Begin a study in an empty folder.</source>
   <translation>Eine Studie in einem leeren Ordner beginnen.</translation>
  </message>
  <message>
   <source>Recent:</source>
   <translation>Zuletzt:</translation>
  </message>
  <message>
   <source>Open a study that was open before.</source>
   <translation>Eine Studie öffnen, die schon einmal geöffnet war.</translation>
  </message>
  <message>
   <source>Recent studies</source>
   <translation>Zuletzt geöffnete Studien</translation>
  </message>
  <message>
   <source>&amp;Open…</source>
   <translation>&amp;Öffnen…</translation>
  </message>
  <message>
   <source>Choose the folder of a study.</source>
   <translation>Den Ordner einer Studie wählen.</translation>
  </message>
  <message>
   <source>Advanced, for a new study</source>
   <translation>Erweitert, für eine neue Studie</translation>
  </message>
  <message>
   <source>What a new study may have otherwise than usual.</source>
   <translation>Was bei einer neuen Studie anders sein kann als üblich.</translation>
  </message>
  <message>
   <source>Training grid:</source>
   <translation>Trainingsraster:</translation>
  </message>
  <message>
   <source> mm</source>
   <translation> mm</translation>
  </message>
  <message>
   <source>Size of the voxels that the model learns from: all scans are brought onto them. A study keeps its grid. Results have the voxels of each scan all the same.</source>
   <translation>Größe der Voxel, aus denen das Modell lernt: Alle Aufnahmen werden darauf gebracht. Eine Studie behält ihr Raster. Ergebnisse haben trotzdem die Voxel der jeweiligen Aufnahme.</translation>
  </message>
  <message>
   <source>Training grid of a new study in millimetres</source>
   <translation>Trainingsraster einer neuen Studie in Millimetern</translation>
  </message>
  <message>
   <source>Finer takes longer: half the size is eight times the work and memory. 1 mm is right for most hips.</source>
   <translation>Feiner dauert länger: Halbe Größe bedeutet achtmal so viel Arbeit und Speicher. 1 mm passt für die meisten Hüften.</translation>
  </message>
  <message>
   <source>A study is a folder that keeps scans, drawings and models together. To begin, choose what is to be segmented, and press New study.

No scans at hand? Choose File, Download Sample Data, and then Phantom hip study.</source>
   <translation>Eine Studie ist ein Ordner, der Aufnahmen, Zeichnungen und Modelle zusammenhält. Wählen Sie zu Beginn, was segmentiert werden soll, und drücken Sie „Neue Studie“.

Keine Aufnahmen zur Hand? Wählen Sie „Datei“, „Beispieldaten herunterladen“ und dann „Studie mit Phantomhüften“.</translation>
  </message>
  <message>
   <source>How to begin</source>
   <translation>Wie man beginnt</translation>
  </message>
  <message>
   <source>Patient:</source>
   <translation>Patient:</translation>
  </message>
  <message>
   <source>optional; the same text for all scans of one person</source>
   <translation>freiwillig; derselbe Text für alle Aufnahmen einer Person</translation>
  </message>
  <message>
   <source>Scans of one person never train and test at once. The text itself is not kept, only a code made of it.</source>
   <translation>Aufnahmen einer Person dienen nie zugleich zum Trainieren und Prüfen. Der Text selbst wird nicht aufbewahrt, nur ein daraus gebildeter Code.</translation>
  </message>
  <message>
   <source>Patient of the scans to add</source>
   <translation>Patient der Aufnahmen, die hinzukommen</translation>
  </message>
  <message>
   <source>Loaded in Slicer:</source>
   <translation>In Slicer geladen:</translation>
  </message>
  <message>
   <source>A CT that is loaded in Slicer, for example from the DICOM database.</source>
   <translation>Ein CT, das in Slicer geladen ist, zum Beispiel aus der DICOM-Datenbank.</translation>
  </message>
  <message>
   <source>Loaded volume</source>
   <translation>Geladenes Volumen</translation>
  </message>
  <message>
   <source>Add</source>
   <translation>Hinzufügen</translation>
  </message>
  <message>
   <source>Add the chosen volume to the study.</source>
   <translation>Das gewählte Volumen zur Studie hinzufügen.</translation>
  </message>
  <message>
   <source>Add scans:</source>
   <translation>Aufnahmen:</translation>
  </message>
  <message>
   <source>Add files…</source>
   <translation>Dateien…</translation>
  </message>
  <message>
   <source>Add NIfTI, NRRD or MHA files.</source>
   <translation>NIfTI-, NRRD- oder MHA-Dateien hinzufügen.</translation>
  </message>
  <message>
   <source>Add fol&amp;der…</source>
   <translation>&amp;Ordner…</translation>
  </message>
  <message>
   <source>Add all scans of a folder, or choose among the DICOM series in it and below it.</source>
   <translation>Alle Aufnahmen eines Ordners hinzufügen oder unter den DICOM-Serien darin und darunter wählen.</translation>
  </message>
  <message>
   <source>DICOM database…</source>
   <translation>DICOM-Datenbank…</translation>
  </message>
  <message>
   <source>Choose CT series from Slicer's DICOM database.</source>
   <translation>CT-Serien aus der DICOM-Datenbank von Slicer wählen.</translation>
  </message>
  <message>
   <source>Filter cases by name, status or person</source>
   <translation>Fälle nach Name, Status oder Person filtern</translation>
  </message>
  <message>
   <source>Show only cases that contain all of these words.</source>
   <translation>Nur Fälle zeigen, die alle diese Wörter enthalten.</translation>
  </message>
  <message>
   <source>Filter cases</source>
   <translation>Fälle filtern</translation>
  </message>
  <message>
   <source>Double click or press Enter to open a case.</source>
   <translation>Ein Fall öffnet sich mit Doppelklick oder Eingabetaste.</translation>
  </message>
  <message>
   <source>Cases of the study</source>
   <translation>Fälle der Studie</translation>
  </message>
  <message>
   <source>Case</source>
   <translation>Fall</translation>
  </message>
  <message>
   <source>Name</source>
   <translation>Name</translation>
  </message>
  <message>
   <source>Status</source>
   <translation>Status</translation>
  </message>
  <message>
   <source>Annotated by</source>
   <translation>Annotiert von</translation>
  </message>
  <message>
   <source>Reviewed by</source>
   <translation>Geprüft von</translation>
  </message>
  <message>
   <source>Unsure (%)</source>
   <translation>Unsicher (%)</translation>
  </message>
  <message>
   <source>Changed</source>
   <translation>Geändert</translation>
  </message>
  <message>
   <source>Open &amp;case</source>
   <translation>Fa&amp;ll öffnen</translation>
  </message>
  <message>
   <source>Load the selected case into the views.</source>
   <translation>Den ausgewählten Fall in die Ansichten laden.</translation>
  </message>
  <message>
   <source>Ne&amp;xt case</source>
   <translation>N&amp;ächster Fall</translation>
  </message>
  <message>
   <source>Open the case to annotate next: where the model is least sure, or the next one not annotated.</source>
   <translation>Den Fall öffnen, der als Nächstes zu annotieren ist: wo das Modell am unsichersten ist, oder den nächsten nicht annotierten.</translation>
  </message>
  <message>
   <source>Use for:</source>
   <translation>Zweck:</translation>
  </message>
  <message>
   <source>What the selected cases are used for.</source>
   <translation>Wofür die ausgewählten Fälle verwendet werden.</translation>
  </message>
  <message>
   <source>Use of the selected cases</source>
   <translation>Zweck der ausgewählten Fälle</translation>
  </message>
  <message>
   <source>Locate…</source>
   <translation>Suchen…</translation>
  </message>
  <message>
   <source>Say in which folder the CT scans of the selected cases lie now.</source>
   <translation>Angeben, in welchem Ordner die CT-Aufnahmen der ausgewählten Fälle jetzt liegen.</translation>
  </message>
  <message>
   <source>Remove…</source>
   <translation>Entfernen…</translation>
  </message>
  <message>
   <source>Take the selected cases out of the study; files stay on disk.</source>
   <translation>Die ausgewählten Fälle aus der Studie nehmen; Dateien bleiben auf dem Datenträger.</translation>
  </message>
  <message>
   <source>Chec&amp;k study</source>
   <translation>Studie &amp;prüfen</translation>
  </message>
  <message>
   <source>Look for problems before training: damaged files, drawings that do not fit their scan, scans that are there twice.</source>
   <translation>Vor dem Training nach Problemen suchen: beschädigte Dateien, Zeichnungen, die nicht zu ihrer Aufnahme passen, doppelte Aufnahmen.</translation>
  </message>
  <message>
   <source>Rank by uncertainty</source>
   <translation>Nach Unsicherheit reihen</translation>
  </message>
  <message>
   <source>Let the newest model look at all cases that are not annotated: Next case then opens the one it is least sure of.</source>
   <translation>Das neueste Modell alle nicht annotierten Fälle ansehen lassen: „Nächster Fall“ öffnet dann den, bei dem es am unsichersten ist.</translation>
  </message>
  <message>
   <source>What is under way</source>
   <translation>Was gerade läuft</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>End what is under way.</source>
   <translation>Beenden, was gerade läuft.</translation>
  </message>
  <message>
   <source>Double click or press Enter to go to the case.</source>
   <translation>Doppelklick oder Eingabetaste führt zum Fall.</translation>
  </message>
  <message>
   <source>Problems found</source>
   <translation>Gefundene Probleme</translation>
  </message>
  <message>
   <source>Go to case</source>
   <translation>Zum Fall</translation>
  </message>
  <message>
   <source>Open the case that the selected problem is about.</source>
   <translation>Den Fall öffnen, um den es bei dem ausgewählten Problem geht.</translation>
  </message>
 </context>
 <context>
  <name>TrainPanel</name>
  <message>
   <source>Missing packages</source>
   <translation>Fehlende Pakete</translation>
  </message>
  <message>
   <source>Install…</source>
   <translation>Installieren…</translation>
  </message>
  <message>
   <source>Install the missing Python packages; asks first.</source>
   <translation>Die fehlenden Python-Pakete installieren; fragt vorher.</translation>
  </message>
  <message>
   <source>Cases that will train</source>
   <translation>Fälle, die trainieren</translation>
  </message>
  <message>
   <source>Kind:</source>
   <translation>Art:</translation>
  </message>
  <message>
   <source>Robust: works on most scans, and needs a GPU. As in the paper: the published settings, for comparison. Quick look: a small model within minutes, also without a GPU.</source>
   <translation>Robust: für die meisten Aufnahmen, braucht eine GPU. Wie in der Veröffentlichung: zum Vergleich. Schneller Blick: ein kleines Modell in Minuten, auch ohne GPU.</translation>
  </message>
  <message>
   <source>Kind of training</source>
   <translation>Art des Trainings</translation>
  </message>
  <message>
   <source>Device:</source>
   <translation>Gerät:</translation>
  </message>
  <message>
   <source>What computes; Automatic takes a graphics card (GPU) where there is one.</source>
   <translation>Was rechnet; „Automatisch“ nimmt eine Grafikkarte (GPU), wo es eine gibt.</translation>
  </message>
  <message>
   <source>Device</source>
   <translation>Gerät</translation>
  </message>
  <message>
   <source>Look again</source>
   <translation>Neu suchen</translation>
  </message>
  <message>
   <source>Look for GPUs and their free memory.</source>
   <translation>Nach GPUs und ihrem freien Speicher suchen.</translation>
  </message>
  <message>
   <source>Time:</source>
   <translation>Zeit:</translation>
  </message>
  <message>
   <source> min</source>
   <translation> min</translation>
  </message>
  <message>
   <source>about </source>
   <translation>etwa </translation>
  </message>
  <message>
   <source>Training takes about so long, whatever this computer is. You may stop earlier.</source>
   <translation>So lange dauert das Training etwa, auf jedem Rechner. Es lässt sich früher anhalten.</translation>
  </message>
  <message>
   <source>Time budget in minutes</source>
   <translation>Zeit in Minuten</translation>
  </message>
  <message>
   <source>About the device</source>
   <translation>Über das Gerät</translation>
  </message>
  <message>
   <source>&amp;Start</source>
   <translation>&amp;Start</translation>
  </message>
  <message>
   <source>Train a new model in the background; Slicer may be closed meanwhile.</source>
   <translation>Im Hintergrund ein neues Modell trainieren; Slicer darf währenddessen geschlossen werden.</translation>
  </message>
  <message>
   <source>Continue from &amp;last model</source>
   <translation>Vom le&amp;tzten Modell weiter</translation>
  </message>
  <message>
   <source>Train on with the newest model, for example after corrections.</source>
   <translation>Mit dem neuesten Modell weiter trainieren, zum Beispiel nach Korrekturen.</translation>
  </message>
  <message>
   <source>Stop</source>
   <translation>Anhalten</translation>
  </message>
  <message>
   <source>Stop at the next step; what was learned is kept.</source>
   <translation>Beim nächsten Schritt anhalten; das Gelernte bleibt erhalten.</translation>
  </message>
  <message>
   <source>&amp;Resume</source>
   <translation>Fortset&amp;zen</translation>
  </message>
  <message>
   <source>Go on with the run that was stopped or broke off.</source>
   <translation>Den angehaltenen oder abgebrochenen Lauf fortsetzen.</translation>
  </message>
  <message>
   <source>About the last model</source>
   <translation>Zum letzten Modell</translation>
  </message>
  <message>
   <source>Progress of the training</source>
   <translation>Fortschritt des Trainings</translation>
  </message>
  <message>
   <source>State of the training</source>
   <translation>Stand des Trainings</translation>
  </message>
  <message>
   <source>The newest check of the model. Overlap: 1 is perfect, 0 is nothing. Distance: so far at most is 95 percent of the surface from where it should be.</source>
   <translation>Die neueste Prüfung des Modells. Überlappung: 1 ist vollkommen, 0 ist nichts. Abstand: Höchstens so weit liegen 95 Prozent der Oberfläche von ihrem Ort entfernt.</translation>
  </message>
  <message>
   <source>Newest validation</source>
   <translation>Neueste Validierung</translation>
  </message>
  <message>
   <source>Segment</source>
   <translation>Segment</translation>
  </message>
  <message>
   <source>Overlap (IoU)</source>
   <translation>Überlappung (IoU)</translation>
  </message>
  <message>
   <source>Distance (HD95)</source>
   <translation>Abstand (HD95)</translation>
  </message>
  <message>
   <source>Step</source>
   <translation>Schritt</translation>
  </message>
  <message>
   <source>About the validation</source>
   <translation>Über die Validierung</translation>
  </message>
  <message>
   <source>Curves:</source>
   <translation>Kurven:</translation>
  </message>
  <message>
   <source>Which curves to show.</source>
   <translation>Welche Kurven zu zeigen sind.</translation>
  </message>
  <message>
   <source>Curves</source>
   <translation>Kurven</translation>
  </message>
  <message>
   <source>Show</source>
   <translation>Zeigen</translation>
  </message>
  <message>
   <source>Show the curves in a plot view beside the slices; they grow while training runs.</source>
   <translation>Die Kurven in einer Diagrammansicht neben den Schichten zeigen; sie wachsen, während das Training läuft.</translation>
  </message>
  <message>
   <source>Live preview</source>
   <translation>Live-Vorschau</translation>
  </message>
  <message>
   <source>Show what the model makes of the case in view, again and again while training runs. Open a case first.</source>
   <translation>Zeigen, was das Modell aus dem gezeigten Fall macht, immer wieder, während das Training läuft. Zuerst einen Fall öffnen.</translation>
  </message>
  <message>
   <source>State of the preview</source>
   <translation>Stand der Vorschau</translation>
  </message>
  <message>
   <source>Legend of the preview</source>
   <translation>Legende der Vorschau</translation>
  </message>
  <message>
   <source>Log</source>
   <translation>Protokoll</translation>
  </message>
  <message>
   <source>What the training process printed.</source>
   <translation>Was der Trainingsprozess ausgegeben hat.</translation>
  </message>
  <message>
   <source>Log of the training</source>
   <translation>Protokoll des Trainings</translation>
  </message>
 </context>
 <context>
  <name>application.acceptance</name>
  <message>
   <source>Accepted: the result is the annotation of {case} and trains from now on. Take back undoes it.</source>
   <translation>Angenommen: Das Ergebnis ist die Annotation von {case} und trainiert ab jetzt. „Zurücknehmen“ macht das rückgängig.</translation>
  </message>
  <message>
   <source>The result is no longer the annotation of {case}, and does not train.</source>
   <translation>Das Ergebnis ist nicht mehr die Annotation von {case} und trainiert nicht.</translation>
  </message>
  <message>
   <source>Accepted. Your annotation of {case} stays as it is.</source>
   <translation>Angenommen. Ihre Annotation von {case} bleibt, wie sie ist.</translation>
  </message>
  <message>
   <source>Accepted. {case} is not used for training, so the result is no annotation.</source>
   <translation>Angenommen. {case} wird nicht zum Training verwendet, deshalb ist das Ergebnis keine Annotation.</translation>
  </message>
  <message>
   <source>Accepted. What you drew in {case} stays: save it to make it the annotation.</source>
   <translation>Angenommen. Was Sie in {case} gezeichnet haben, bleibt: Speichern macht es zur Annotation.</translation>
  </message>
 </context>
 <context>
  <name>application.annotate_presenter</name>
  <message>
   <source>{segment} is marked as completed and cannot be drawn in: change its status in the table to go on.</source>
   <translation>{segment} ist als fertig markiert und lässt sich nicht ändern: zum Weiterzeichnen den Status in der Tabelle ändern.</translation>
  </message>
  <message>
   <source>Nothing is drawn in {case}. Save it as a scan in which no segment can be seen?</source>
   <translation>In {case} ist nichts gezeichnet. Als Aufnahme speichern, in der kein Segment zu sehen ist?</translation>
  </message>
  <message>
   <source>Replace what is drawn by the model's result? Saved versions are kept.</source>
   <translation>Das Gezeichnete durch das Ergebnis des Modells ersetzen? Gespeicherte Fassungen bleiben erhalten.</translation>
  </message>
  <message>
   <source>The newest model segments this case ...</source>
   <translation>Das neueste Modell segmentiert diesen Fall ...</translation>
  </message>
  <message>
   <source>The model's result is on the table: correct it, then save. Undo takes it back.</source>
   <translation>Das Ergebnis des Modells liegt vor: korrigieren, dann speichern. „Rückgängig“ nimmt es zurück.</translation>
  </message>
  <message>
   <source>The axial view shows no slice of this CT: scroll to one first.</source>
   <translation>Die axiale Ansicht zeigt keine Schicht dieses CT: zuerst zu einer blättern.</translation>
  </message>
  <message>
   <source>Saved. Every case is annotated.</source>
   <translation>Gespeichert. Jeder Fall ist annotiert.</translation>
  </message>
 </context>
 <context>
  <name>application.annotate_view</name>
  <message>
   <source>Slices with a drawing count as annotated. Slices without one that you marked: {slices}</source>
   <translation>Schichten mit einer Zeichnung gelten als annotiert. Markierte Schichten ohne Zeichnung: {slices}</translation>
  </message>
  <message>
   <source>Open a case in the Study section</source>
   <translation>Im Abschnitt Studie einen Fall öffnen</translation>
  </message>
  <message>
   <source>There is no model yet, or it is at work already.</source>
   <translation>Es gibt noch kein Modell, oder es arbeitet schon.</translation>
  </message>
  <message>
   <source>none</source>
   <translation>keine</translation>
  </message>
 </context>
 <context>
  <name>application.background</name>
  <message>
   <source>Something unexpected went wrong ({kind}): see the Python console.</source>
   <translation>Etwas Unerwartetes ging schief ({kind}): siehe Python-Konsole.</translation>
  </message>
 </context>
 <context>
  <name>application.case_rows</name>
  <message>
   <source>not annotated</source>
   <translation>nicht annotiert</translation>
  </message>
  <message>
   <source>left out</source>
   <translation>ausgelassen</translation>
  </message>
  <message>
   <source>held out for testing</source>
   <translation>zum Testen zurückgehalten</translation>
  </message>
  <message>
   <source>partly annotated</source>
   <translation>teilweise annotiert</translation>
  </message>
  <message>
   <source>model's result, accepted</source>
   <translation>Ergebnis des Modells, angenommen</translation>
  </message>
  <message>
   <source>annotated and reviewed</source>
   <translation>annotiert und geprüft</translation>
  </message>
  <message>
   <source>annotated</source>
   <translation>annotiert</translation>
  </message>
  <message>
   <source>segmented by the model</source>
   <translation>vom Modell segmentiert</translation>
  </message>
 </context>
 <context>
  <name>application.child</name>
  <message>
   <source>The Python package {package} is not installed yet: press Install in the Train section.</source>
   <translation>Das Python-Paket {package} ist noch nicht installiert: im Abschnitt Trainieren „Installieren“ drücken.</translation>
  </message>
  <message>
   <source>The process was killed, perhaps because memory ran out: close other programs and try again.</source>
   <translation>Der Prozess wurde abgebrochen, vielleicht weil der Speicher nicht reichte: andere Programme schließen und erneut versuchen.</translation>
  </message>
  <message>
   <source>A part of SemiSegEmbed is missing: install the extension again.</source>
   <translation>Ein Teil von SemiSegEmbed fehlt: die Erweiterung neu installieren.</translation>
  </message>
  <message>
   <source>The process ended unexpectedly with code {code}: try again.</source>
   <translation>Der Prozess endete unerwartet mit Code {code}: erneut versuchen.</translation>
  </message>
  <message>
   <source>A process of Python could not be started</source>
   <translation>Ein Python-Prozess konnte nicht gestartet werden</translation>
  </message>
 </context>
 <context>
  <name>application.continuing</name>
  <message>
   <source>The last model learned on a grid of {model} mm, and this study has {study} mm. Everything has another size for it, so going on from it may give less than Start.</source>
   <translation>Das letzte Modell hat auf einem Raster von {model} mm gelernt, und diese Studie hat {study} mm. Alles ist für dieses Modell anders groß, deshalb bringt es vielleicht weniger als „Start“, von ihm aus weiterzutrainieren.</translation>
  </message>
  <message>
   <source>The last model was made for other segments than this study has: press Start.</source>
   <translation>Das letzte Modell ist für andere Segmente gemacht, als diese Studie hat: „Start“ drücken.</translation>
  </message>
  <message>
   <source>There is no model yet: press Start.</source>
   <translation>Es gibt noch kein Modell: „Start“ drücken.</translation>
  </message>
 </context>
 <context>
  <name>application.dialogs</name>
  <message>
   <source>All files</source>
   <translation>Alle Dateien</translation>
  </message>
 </context>
 <context>
  <name>application.dicom_database</name>
  <message>
   <source>The files of this series are gone: import it again in the DICOM module.</source>
   <translation>Die Dateien dieser Serie sind nicht mehr da: sie im DICOM-Modul neu importieren.</translation>
  </message>
  <message>
   <source>Slicer's DICOM database holds no CT: import one in the DICOM module first.</source>
   <translation>Die DICOM-Datenbank von Slicer enthält kein CT: zuerst eines im DICOM-Modul importieren.</translation>
  </message>
  <message>
   <source>The files of this series lie in several folders: export it to one folder, then use Add folder.</source>
   <translation>Die Dateien dieser Serie liegen in mehreren Ordnern: in einen Ordner exportieren, dann „Ordner hinzufügen“ verwenden.</translation>
  </message>
  <message>
   <source>Slicer's DICOM database is not open: open the DICOM module once, then try again.</source>
   <translation>Die DICOM-Datenbank von Slicer ist nicht geöffnet: das DICOM-Modul einmal öffnen, dann erneut versuchen.</translation>
  </message>
 </context>
 <context>
  <name>application.guide</name>
  <message>
   <source>No study is open.</source>
   <translation>Es ist keine Studie geöffnet.</translation>
  </message>
  <message>
   <source>Next: new study</source>
   <translation>Weiter: neue Studie</translation>
  </message>
  <message>
   <source>Next: annotate a scan</source>
   <translation>Weiter: annotieren</translation>
  </message>
  <message>
   <source>Next: go on with it</source>
   <translation>Weiter: daran weiterarbeiten</translation>
  </message>
  <message>
   <source>Next: segment new scans</source>
   <translation>Weiter: segmentieren</translation>
  </message>
  <message>
   <source>Scans are being added.</source>
   <translation>Aufnahmen werden hinzugefügt.</translation>
  </message>
  <message>
   <source>Next: wait for it</source>
   <translation>Weiter: abwarten</translation>
  </message>
  <message>
   <source>The study holds no scan yet.</source>
   <translation>Die Studie enthält noch keine Aufnahme.</translation>
  </message>
  <message>
   <source>Next: add scans</source>
   <translation>Weiter: Aufnahmen hinzufügen</translation>
  </message>
  <message>
   <source>{annotated} of {total} scans annotated.</source>
   <translation>{annotated} von {total} Aufnahmen annotiert.</translation>
  </message>
  <message>
   <source>Training runs.</source>
   <translation>Das Training läuft.</translation>
  </message>
  <message>
   <source>Next: see why</source>
   <translation>Weiter: Grund ansehen</translation>
  </message>
  <message>
   <source>Next: resume</source>
   <translation>Weiter: fortsetzen</translation>
  </message>
  <message>
   <source>Next: train</source>
   <translation>Weiter: trainieren</translation>
  </message>
  <message>
   <source>Four make a first model.</source>
   <translation>Vier ergeben ein erstes Modell.</translation>
  </message>
  <message>
   <source>Next: draw and save</source>
   <translation>Weiter: zeichnen</translation>
  </message>
  <message>
   <source>Next: correct and save</source>
   <translation>Weiter: korrigieren</translation>
  </message>
  <message>
   <source>Next: train on</source>
   <translation>Weiter: nachtrainieren</translation>
  </message>
  <message>
   <source>Next: look at unsure places</source>
   <translation>Weiter: unsichere Stellen</translation>
  </message>
  <message>
   <source>Next: let it look</source>
   <translation>Weiter: ansehen lassen</translation>
  </message>
  <message>
   <source>Next: review a scan</source>
   <translation>Weiter: Aufnahme prüfen</translation>
  </message>
  <message>
   <source>Next: annotate meanwhile</source>
   <translation>Weiter: dabei annotieren</translation>
  </message>
  <message>
   <source>Training broke off.</source>
   <translation>Das Training brach ab.</translation>
  </message>
  <message>
   <source>Training was stopped.</source>
   <translation>Das Training wurde angehalten.</translation>
  </message>
  <message>
   <source>{case} has a drawing that was never saved.</source>
   <translation>{case} hat eine Zeichnung, die nie gespeichert wurde.</translation>
  </message>
  <message>
   <source>{case} is being corrected.</source>
   <translation>{case} wird korrigiert.</translation>
  </message>
  <message>
   <source>{count} since the last training.</source>
   <translation>Seit dem letzten Training: {count}.</translation>
  </message>
  <message>
   <source>Not looked at by the model: {count}.</source>
   <translation>Vom Modell noch nicht angesehen: {count}.</translation>
  </message>
  <message>
   <source>Next: open {name}</source>
   <translation>Weiter: {name} öffnen</translation>
  </message>
 </context>
 <context>
  <name>application.installer</name>
  <message>
   <source>Training needs the extension PyTorch. Install it now? Slicer must be restarted afterwards.</source>
   <translation>Das Training braucht die Erweiterung PyTorch. Jetzt installieren? Danach muss Slicer neu gestartet werden.</translation>
  </message>
  <message>
   <source>Install the extension PyTorch in the Extensions Manager and restart: then this goes on by itself.</source>
   <translation>Die Erweiterung PyTorch in der Erweiterungsverwaltung installieren und neu starten: dann geht es von selbst weiter.</translation>
  </message>
  <message>
   <source>PyTorch was not installed: training and segmenting need it.</source>
   <translation>PyTorch wurde nicht installiert: Training und Segmentierung brauchen es.</translation>
  </message>
  <message>
   <source>Restart Slicer and open this module: the installation goes on by itself.</source>
   <translation>Slicer neu starten und dieses Modul öffnen: die Installation geht von selbst weiter.</translation>
  </message>
  <message>
   <source>Packages were not installed: {reason}</source>
   <translation>Pakete wurden nicht installiert: {reason}</translation>
  </message>
 </context>
 <context>
  <name>application.library_sentences</name>
  <message>
   <source>'{name}' exists already: choose another name for the exported model.</source>
   <translation>„{name}“ gibt es schon: einen anderen Namen für das exportierte Modell wählen.</translation>
  </message>
  <message>
   <source>'{name}' lies on the right of '{name2}': the sides seem exchanged, correct them.</source>
   <translation>„{name}“ liegt rechts von „{name2}“: die Seiten scheinen vertauscht, bitte berichtigen.</translation>
  </message>
  <message>
   <source>'{text}' cannot be a name: use up to 100 letters, digits, dots, dashes and underscores.</source>
   <translation>„{text}“ kann kein Name sein: bis zu 100 Buchstaben, Ziffern, Punkte, Binde- und Unterstriche verwenden.</translation>
  </message>
  <message>
   <source>--map '{text}' is not a list such as 1=1,3=1,5=0: write old=new pairs.</source>
   <translation>--map '{text}' ist keine Liste wie 1=1,3=1,5=0: Paare alt=neu angeben.</translation>
  </message>
  <message>
   <source>--set '{pair}' has no '=': write --set NAME=VALUE, for example --set patch_size=64.</source>
   <translation>--set '{pair}' hat kein '=': --set NAME=WERT schreiben, zum Beispiel --set patch_size=64.</translation>
  </message>
  <message>
   <source>A batch needs as many labelled as unlabelled patches, not {labelled_per_batch} and {unlabelled_per_batch}.</source>
   <translation>In einem Trainingsschritt müssen gleich viele annotierte wie nicht annotierte Ausschnitte sein, nicht {labelled_per_batch} und {unlabelled_per_batch}.</translation>
  </message>
  <message>
   <source>A blank text tells no patients apart: type a text that names the patient.</source>
   <translation>Ein leerer Text unterscheidet keine Patienten: einen Text eingeben, der den Patienten bezeichnet.</translation>
  </message>
  <message>
   <source>A file of the study may not be written: check the permissions of its folder, then resume.</source>
   <translation>Eine Datei der Studie darf nicht geschrieben werden: die Rechte an ihrem Ordner prüfen, dann fortsetzen.</translation>
  </message>
  <message>
   <source>A label holds whole numbers from 0 to 255 and this file does not: choose the label and not the CT.</source>
   <translation>Eine Annotation enthält ganze Zahlen von 0 bis 255, diese Datei nicht: die Annotation wählen, nicht das CT.</translation>
  </message>
  <message>
   <source>A label is one file and this is a folder: choose the file.</source>
   <translation>Eine Annotation ist eine Datei, dies ist ein Ordner: die Datei wählen.</translation>
  </message>
  <message>
   <source>A model file holds case keys like case-0001 and no paths or names; rename the case.</source>
   <translation>Eine Modelldatei enthält Fallnummern wie case-0001, aber weder Pfade noch Namen; den Fall umbenennen.</translation>
  </message>
  <message>
   <source>A patch of {divisor} voxels a side is too small for {norm} normalisation; make at least one side {value}.</source>
   <translation>Ein Ausschnitt mit {divisor} Voxeln Kantenlänge ist für die Normalisierung {norm} zu klein; mindestens eine Seite auf {value} setzen.</translation>
  </message>
  <message>
   <source>A result cannot be '{status}': choose {result_statuses}.</source>
   <translation>Ein Ergebnis kann nicht „{status}“ sein: möglich sind {result_statuses}.</translation>
  </message>
  <message>
   <source>A run is asked for a preview or for a checkpoint.</source>
   <translation>Einen Lauf kann man um eine Vorschau oder einen Zwischenstand bitten.</translation>
  </message>
  <message>
   <source>A segment of this file has a value that is not from 1 to 255: name them as in the study.</source>
   <translation>Ein Segment dieser Datei hat einen Wert, der nicht zwischen 1 und 255 liegt: die Segmente wie in der Studie benennen.</translation>
  </message>
  <message>
   <source>A volume has three axes and at least one voxel, not the shape {shape}.</source>
   <translation>Ein Volumen hat drei Achsen und mindestens ein Voxel, nicht die Form {shape}.</translation>
  </message>
  <message>
   <source>A voxel size of {spacing_mm} mm is not usable: choose one from 0.05 to 20 mm.</source>
   <translation>Eine Voxelgröße von {spacing_mm} mm ist nicht brauchbar: eine zwischen 0.05 und 20 mm wählen.</translation>
  </message>
  <message>
   <source>About {free_bytes} GiB of memory are free, so {changes}.</source>
   <translation>Etwa {free_bytes} GiB Speicher sind frei, deshalb: {changes}.</translation>
  </message>
  <message>
   <source>All voxels of this image have the same value: export it again.</source>
   <translation>Alle Voxel dieser Aufnahme haben denselben Wert: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>Every annotated patient would validate and none train: choose fewer for validation.</source>
   <translation>Alle annotierten Patienten wären für die Validierung und keiner für das Training: weniger für die Validierung wählen.</translation>
  </message>
  <message>
   <source>Everything below {low} was cut off, also the air: export the CT without a window.</source>
   <translation>Alles unter {low} wurde abgeschnitten, auch die Luft: das CT ohne Fensterung exportieren.</translation>
  </message>
  <message>
   <source>Everything but dense bone was set to 0 in this image: add the CT as it was scanned.</source>
   <translation>Alles außer dichtem Knochen wurde in dieser Aufnahme auf 0 gesetzt: das CT hinzufügen, wie es aufgenommen wurde.</translation>
  </message>
  <message>
   <source>Hardly any voxel is as dense as fat or muscle, so the values seem to be no HU: look at the scan.</source>
   <translation>Kaum ein Voxel ist so dicht wie Fett oder Muskel, die Werte scheinen also keine HU zu sein: die Aufnahme ansehen.</translation>
  </message>
  <message>
   <source>Images are written as .nii, .nii.gz, .nrrd or .mha: choose one of these endings.</source>
   <translation>Bilder werden als .nii, .nii.gz, .nrrd oder .mha geschrieben: eine dieser Endungen wählen.</translation>
  </message>
  <message>
   <source>It did not react to the request to stop, so it was ended by force.</source>
   <translation>Der Lauf reagierte nicht auf die Bitte anzuhalten und wurde deshalb gewaltsam beendet.</translation>
  </message>
  <message>
   <source>Its model so far is kept as {left_model}.</source>
   <translation>Sein bisheriges Modell ist als {left_model} aufbewahrt.</translation>
  </message>
  <message>
   <source>Labels and facts of a model must be plain numbers, texts, lists and dicts.</source>
   <translation>Segmente und Angaben eines Modells dürfen nur einfache Zahlen, Texte, Listen und Zuordnungen sein.</translation>
  </message>
  <message>
   <source>Many values are beyond any scanner's range, numbers seem to have overflowed: export the CT again.</source>
   <translation>Viele Werte liegen außerhalb dessen, was ein Scanner misst; vermutlich gab es einen Zahlenüberlauf: das CT neu exportieren.</translation>
  </message>
  <message>
   <source>Maps are {everything}; {unknown} cannot be made.</source>
   <translation>Mögliche Karten sind {everything}; {unknown} gibt es nicht.</translation>
  </message>
  <message>
   <source>Maps have no setting called {changes}; correct or remove it.</source>
   <translation>Karten haben keine Einstellung {changes}; sie berichtigen oder entfernen.</translation>
  </message>
  <message>
   <source>Memory ran out even with patches of {times}; close other programs, use fewer base filters, or train on a machine with more memory.</source>
   <translation>Der Speicher reicht nicht einmal für Ausschnitte von {times}; andere Programme schließen, weniger Filter (base_filters) verwenden oder auf einem Rechner mit mehr Speicher trainieren.</translation>
  </message>
  <message>
   <source>Memory ran out, so {changes}; the run goes on from where it is.</source>
   <translation>Der Speicher reichte nicht, deshalb: {changes}; der Lauf geht von hier aus weiter.</translation>
  </message>
  <message>
   <source>No GPU is used: training on the processor for about {minutes} minutes.</source>
   <translation>Es wird keine GPU verwendet: Training auf dem Prozessor für etwa {minutes} Minuten.</translation>
  </message>
  <message>
   <source>No GPU is used: {steps} steps on the processor will take about {spent}; --minutes sets a time budget, and --preset quick is made for this.</source>
   <translation>Es wird keine GPU verwendet: {steps} Schritte dauern auf dem Prozessor {spent}; --minutes begrenzt die Zeit, und --preset quick ist dafür gedacht.</translation>
  </message>
  <message>
   <source>No annotated case shows an object to learn; annotate at least one case.</source>
   <translation>Kein annotierter Fall zeigt etwas zu lernen; mindestens einen Fall annotieren.</translation>
  </message>
  <message>
   <source>No annotated case shows the surface of class {class_index}; annotate one that does, then build the model again.</source>
   <translation>Kein annotierter Fall zeigt die Oberfläche der Klasse {class_index}; einen solchen annotieren, dann das Modell neu erzeugen.</translation>
  </message>
  <message>
   <source>No case is annotated for training: annotate at least one and try again.</source>
   <translation>Kein Fall ist für das Training annotiert: mindestens einen annotieren, dann erneut versuchen.</translation>
  </message>
  <message>
   <source>No case is annotated: annotate at least one scan of the study, then train.</source>
   <translation>Kein Fall ist annotiert: mindestens eine Aufnahme der Studie annotieren, dann trainieren.</translation>
  </message>
  <message>
   <source>No held-out case has a label: label one, or name cases with --cases.</source>
   <translation>Kein zurückgehaltener Fall hat eine Annotation: einen annotieren oder Fälle mit --cases angeben.</translation>
  </message>
  <message>
   <source>No label of this study is learned as class {training_class}: choose another model.</source>
   <translation>Kein Segment dieser Studie wird als Klasse {training_class} gelernt: ein anderes Modell wählen.</translation>
  </message>
  <message>
   <source>No voxel is as dense as bone: check that the whole range of HU was exported.</source>
   <translation>Kein Voxel ist so dicht wie Knochen: prüfen, ob der ganze HU-Bereich exportiert wurde.</translation>
  </message>
  <message>
   <source>Only models of this study can be deleted: give the id that the list shows.</source>
   <translation>Nur Modelle dieser Studie lassen sich löschen: eines aus der Liste angeben.</translation>
  </message>
  <message>
   <source>Only {bone} cm3 are as dense as bone, a hip seems not to be in view: check that it is the right scan.</source>
   <translation>Nur {bone} cm³ sind so dicht wie Knochen, eine Hüfte scheint nicht im Bild zu sein: prüfen, ob es die richtige Aufnahme ist.</translation>
  </message>
  <message>
   <source>Passes must be at least 1, and noise, threshold and margin at least 0.</source>
   <translation>Es muss mindestens 1 Durchlauf sein; Rauschen, Schwelle und Rand dürfen nicht unter 0 liegen.</translation>
  </message>
  <message>
   <source>Phantoms cannot be made at {spacing_mm} mm: choose a spacing from 0.4 to 6 mm.</source>
   <translation>Phantome lassen sich nicht mit {spacing_mm} mm erzeugen: einen Voxelabstand von 0.4 bis 6 mm wählen.</translation>
  </message>
  <message>
   <source>Phantoms have no field of view {field}: choose one of {fields}.</source>
   <translation>Phantome haben kein Bildfeld {field}: eines von {fields} wählen.</translation>
  </message>
  <message>
   <source>PythonSlicer was not found beside Slicer: install Slicer again.</source>
   <translation>PythonSlicer wurde neben Slicer nicht gefunden: Slicer neu installieren.</translation>
  </message>
  <message>
   <source>References of shape {shape} do not fit embeddings of shape {shape2}; both need the same number of channels.</source>
   <translation>Referenzen der Form {shape} passen nicht zu Einbettungen der Form {shape2}; beide brauchen gleich viele Kanäle.</translation>
  </message>
  <message>
   <source>Segmentation was stopped; nothing was written.</source>
   <translation>Die Segmentierung wurde angehalten; es wurde nichts geschrieben.</translation>
  </message>
  <message>
   <source>Surfaces need the Python package vtk: install it, or export in 3D Slicer.</source>
   <translation>Oberflächen brauchen das Python-Paket vtk: es installieren oder in 3D Slicer exportieren.</translation>
  </message>
  <message>
   <source>The GPU or its driver reported an error: resume the run, and restart the computer if that comes again.</source>
   <translation>Die GPU oder ihr Treiber meldete einen Fehler: den Lauf fortsetzen, und wenn es wieder geschieht, den Rechner neu starten.</translation>
  </message>
  <message>
   <source>The GPU ran out of memory: close other programs that use it, then resume.</source>
   <translation>Der Speicher der GPU reichte nicht: andere Programme schließen, die sie nutzen, dann fortsetzen.</translation>
  </message>
  <message>
   <source>The annotation lies on another grid than the image; resample it first.</source>
   <translation>Die Annotation liegt auf einem anderen Gitter als das Bild; sie zuerst auf dessen Gitter bringen.</translation>
  </message>
  <message>
   <source>The annotation of {key} was drawn by a person: there is nothing to take back.</source>
   <translation>Die Annotation von {key} hat ein Mensch gezeichnet: Es gibt nichts zurückzunehmen.</translation>
  </message>
  <message>
   <source>The axes of this scan are not at right angles (a tilted gantry or a sheared grid): resample it to a rectangular grid first.</source>
   <translation>Die Achsen dieser Aufnahme stehen nicht im rechten Winkel (gekippte Gantry oder geschertes Gitter): sie zuerst auf ein rechtwinkliges Gitter umrechnen.</translation>
  </message>
  <message>
   <source>The checkpoint belongs to a run with another configuration; resume it with its own or start anew.</source>
   <translation>Der Zwischenstand gehört zu einem Lauf mit anderen Einstellungen; mit dessen eigenen fortsetzen oder neu beginnen.</translation>
  </message>
  <message>
   <source>The computer ran out of memory: close other programs, then resume.</source>
   <translation>Der Arbeitsspeicher des Rechners reichte nicht: andere Programme schließen, dann fortsetzen.</translation>
  </message>
  <message>
   <source>The disk is full: free some space, then resume.</source>
   <translation>Der Datenträger ist voll: Platz schaffen, dann fortsetzen.</translation>
  </message>
  <message>
   <source>The disk takes no file of this size: move the study to another disk, then resume.</source>
   <translation>Der Datenträger nimmt keine Datei dieser Größe an: die Studie auf einen anderen Datenträger legen, dann fortsetzen.</translation>
  </message>
  <message>
   <source>The distance of the slices varies by up to {uneven} mm: resample it to an even distance first.</source>
   <translation>Der Abstand der Schichten schwankt um bis zu {uneven} mm: die Aufnahme zuerst auf gleichen Abstand umrechnen.</translation>
  </message>
  <message>
   <source>The driver of the GPU is too old for this PyTorch: update the driver, restart, then resume.</source>
   <translation>Der Treiber der GPU ist zu alt für dieses PyTorch: den Treiber erneuern, den Rechner neu starten, dann fortsetzen.</translation>
  </message>
  <message>
   <source>The engine 'openvino' needs a processor and the package openvino: install it, or choose another engine.</source>
   <translation>Das Rechenwerk „openvino“ braucht einen Prozessor und das Paket openvino: es installieren oder ein anderes wählen.</translation>
  </message>
  <message>
   <source>The facts of a result must be plain finite numbers and text: convert them first.</source>
   <translation>Die Angaben zu einem Ergebnis dürfen nur endliche Zahlen und Text sein: sie zuerst umwandeln.</translation>
  </message>
  <message>
   <source>The file "{name}" claims sizes that no model of ours has, and was not opened.</source>
   <translation>Die Datei „{name}“ behauptet Größen, die kein Modell dieses Programms hat, und wurde nicht geöffnet.</translation>
  </message>
  <message>
   <source>The file "{name}" holds something other than numbers and text, which could be harmful, and was not opened; get the model again from somebody you trust.</source>
   <translation>Die Datei „{name}“ enthält anderes als Zahlen und Text, was schädlich sein könnte, und wurde nicht geöffnet; das Modell noch einmal von jemandem besorgen, dem man vertraut.</translation>
  </message>
  <message>
   <source>The file "{name}" is not a SemiSegEmbed model or is damaged; choose another file.</source>
   <translation>Die Datei „{name}“ ist kein Modell von SemiSegEmbed oder ist beschädigt; eine andere Datei wählen.</translation>
  </message>
  <message>
   <source>The file changed on disk after it was added: restore it, or remove the case and add it.</source>
   <translation>Die Datei wurde auf dem Datenträger verändert, nachdem sie hinzugefügt wurde: sie wiederherstellen, oder den Fall entfernen und neu hinzufügen.</translation>
  </message>
  <message>
   <source>The folder does not hold this series: choose another one. They are: {choices}</source>
   <translation>Der Ordner enthält diese Serie nicht: eine andere wählen. Vorhanden sind: {choices}</translation>
  </message>
  <message>
   <source>The folder holds {series} series: say which with --series. They are: {choices}</source>
   <translation>Der Ordner enthält {series} Serien: mit --series angeben, welche gemeint ist. Vorhanden sind: {choices}</translation>
  </message>
  <message>
   <source>The folder of a result must lie in the study: choose one below results.</source>
   <translation>Der Ordner eines Ergebnisses muss in der Studie liegen: einen unterhalb von results wählen.</translation>
  </message>
  <message>
   <source>The folder of the run is gone, so the run ended: open the study where it lies now, or put it back, then resume.</source>
   <translation>Der Ordner des Laufs ist nicht mehr da, deshalb endete der Lauf: die Studie öffnen, wo sie jetzt liegt, oder sie zurücklegen, dann fortsetzen.</translation>
  </message>
  <message>
   <source>The folder {name} already holds a study: open it, or choose another.</source>
   <translation>Der Ordner {name} enthält schon eine Studie: sie öffnen oder einen anderen wählen.</translation>
  </message>
  <message>
   <source>The folder {name} holds no files: choose the folder with the DICOM slices.</source>
   <translation>Der Ordner {name} enthält keine Dateien: den Ordner mit den DICOM-Schichten wählen.</translation>
  </message>
  <message>
   <source>The folder {name} holds no study: {hint}.</source>
   <translation>Der Ordner {name} enthält keine Studie: {hint}.</translation>
  </message>
  <message>
   <source>The gantry was tilted: resample the scan to a rectangular grid first.</source>
   <translation>Die Gantry war gekippt: die Aufnahme zuerst auf ein rechtwinkliges Gitter umrechnen.</translation>
  </message>
  <message>
   <source>The header of this file asks for more voxels than any CT has: export it again.</source>
   <translation>Der Kopf dieser Datei verlangt mehr Voxel, als ein CT hat: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>The header of this file gives two different positions or a sheared grid (sform and qform): resample it to a rectangular grid or export it again.</source>
   <translation>Der Kopf dieser Datei nennt zwei verschiedene Lagen oder ein geschertes Gitter (sform und qform): die Aufnahme auf ein rechtwinkliges Gitter umrechnen oder neu exportieren.</translation>
  </message>
  <message>
   <source>The image could not be written: check that the disk has space and the folder is there.</source>
   <translation>Das Bild ließ sich nicht schreiben: prüfen, ob der Datenträger Platz hat und der Ordner da ist.</translation>
  </message>
  <message>
   <source>The installed PyTorch does not support this GPU: install a newer PyTorch, or train on the processor.</source>
   <translation>Das installierte PyTorch unterstützt diese GPU nicht: ein neueres PyTorch installieren oder auf dem Prozessor trainieren.</translation>
  </message>
  <message>
   <source>The label has another size than its CT: export it on the whole grid of the CT.</source>
   <translation>Die Annotation hat eine andere Größe als ihr CT: sie auf dem ganzen Gitter des CT exportieren.</translation>
  </message>
  <message>
   <source>The label has no voxel of {absent}: fine if it is out of view or absent, else draw it.</source>
   <translation>Die Annotation enthält kein Voxel von {absent}: in Ordnung, wenn es nicht im Bild oder nicht vorhanden ist, sonst einzeichnen.</translation>
  </message>
  <message>
   <source>The label has values that the study does not know ({listed}): add or correct them.</source>
   <translation>Die Annotation enthält Werte, die die Studie nicht kennt ({listed}): sie ergänzen oder berichtigen.</translation>
  </message>
  <message>
   <source>The label has values that the study does not know ({listed}): correct them.</source>
   <translation>Die Annotation enthält Werte, die die Studie nicht kennt ({listed}): sie berichtigen.</translation>
  </message>
  <message>
   <source>The label is not denser than what surrounds it, so it seems not to lie on the bone: check its place.</source>
   <translation>Das Annotierte ist nicht dichter als seine Umgebung und liegt wohl nicht auf dem Knochen: seine Lage prüfen.</translation>
  </message>
  <message>
   <source>The label is not there: add it again.</source>
   <translation>Die Annotation ist nicht da: sie neu hinzufügen.</translation>
  </message>
  <message>
   <source>The label lies on another grid than its CT: resample or export it on the grid of the CT.</source>
   <translation>Die Annotation liegt auf einem anderen Gitter als ihr CT: sie auf das Gitter des CT umrechnen oder darauf exportieren.</translation>
  </message>
  <message>
   <source>The label lies {shift} mm beside its CT: export it with the position of the CT.</source>
   <translation>Die Annotation liegt {shift} mm neben ihrem CT: sie mit der Lage des CT exportieren.</translation>
  </message>
  <message>
   <source>The label marks no bone at all: annotate it, or add the case without a label.</source>
   <translation>Die Annotation enthält überhaupt keinen Knochen: annotieren, oder den Fall ohne Annotation hinzufügen.</translation>
  </message>
  <message>
   <source>The list of labels does not work because {problem}.</source>
   <translation>Die Liste der Segmente ist so nicht brauchbar, denn {problem}.</translation>
  </message>
  <message>
   <source>The loss is no longer a finite number; lower the learning rate.</source>
   <translation>Der Verlust ist keine endliche Zahl mehr; die Lernrate senken.</translation>
  </message>
  <message>
   <source>The map does not fit the grid of this case: segment the case again.</source>
   <translation>Die Karte passt nicht zum Gitter dieses Falls: den Fall neu segmentieren.</translation>
  </message>
  <message>
   <source>The model differs from this run in {differs}: continue with the preset it was trained with.</source>
   <translation>Das Modell unterscheidet sich von diesem Lauf in {differs}: mit der Voreinstellung weitermachen, mit der es trainiert wurde.</translation>
  </message>
  <message>
   <source>The model file "{name}" is corrupted (its checksum differs); copy it again.</source>
   <translation>Die Modelldatei „{name}“ ist beschädigt (ihre Prüfsumme stimmt nicht); sie noch einmal kopieren.</translation>
  </message>
  <message>
   <source>The model file "{name}" is truncated or damaged; copy it again.</source>
   <translation>Die Modelldatei „{name}“ ist unvollständig oder beschädigt; sie noch einmal kopieren.</translation>
  </message>
  <message>
   <source>The model file "{name}" was written by a newer version of SemiSegEmbed; update to open it.</source>
   <translation>Die Modelldatei „{name}“ stammt aus einer neueren Version von SemiSegEmbed; zum Öffnen SemiSegEmbed aktualisieren.</translation>
  </message>
  <message>
   <source>The network needs at least 1 input channel, 2 classes and 1 base filter, and a dropout from 0 up to but not 1, not {in_channels}, {classes}, {base_filters} and {dropout}.</source>
   <translation>Das Netz braucht mindestens 1 Eingangskanal, 2 Klassen und 1 Filter und einen Dropout von 0 bis unter 1, nicht {in_channels}, {classes}, {base_filters} und {dropout}.</translation>
  </message>
  <message>
   <source>The network takes patches whose three sizes are multiples of {divisor}, not {size}; change the patch size or pad the image.</source>
   <translation>Das Netz nimmt Ausschnitte, deren drei Größen Vielfache von {divisor} sind, nicht {size}; die Größe der Ausschnitte ändern oder das Bild auffüllen.</translation>
  </message>
  <message>
   <source>The networks run without torch's compiler, which does not work here.</source>
   <translation>Die Netze laufen ohne den Compiler von PyTorch, der hier nicht arbeitet.</translation>
  </message>
  <message>
   <source>The overlap of windows must be at least 0 and below 1, not {overlap}.</source>
   <translation>Die Überlappung der Fenster muss mindestens 0 und kleiner als 1 sein, nicht {overlap}.</translation>
  </message>
  <message>
   <source>The patch size must be three multiples of 8, for example 96 96 96, not {size}.</source>
   <translation>Die Größe der Ausschnitte muss aus drei Vielfachen von 8 bestehen, zum Beispiel 96 96 96, nicht {size}.</translation>
  </message>
  <message>
   <source>The patient of this case is also in training ({twin}): keep all scans of a patient together.</source>
   <translation>Der Patient dieses Falls ist auch im Training ({twin}): alle Aufnahmen eines Patienten zusammenhalten.</translation>
  </message>
  <message>
   <source>The pixel spacing of this series is implausible: export it again.</source>
   <translation>Der Pixelabstand dieser Serie ist nicht glaubhaft: sie neu exportieren.</translation>
  </message>
  <message>
   <source>The position in this file is not a plausible number of millimetres: export it again.</source>
   <translation>Die Lage in dieser Datei ist keine glaubhafte Angabe in Millimetern: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>The reference bank holds no reference of class {wanted_class}.</source>
   <translation>Die Referenzbank enthält keine Referenz der Klasse {wanted_class}.</translation>
  </message>
  <message>
   <source>The run did not answer within {timeout_s} s: try again, or look at its log.</source>
   <translation>Der Lauf antwortete nicht innerhalb von {timeout_s} s: erneut versuchen oder in sein Protokoll sehen.</translation>
  </message>
  <message>
   <source>The run ended before it began: look into log.txt, then start it again.</source>
   <translation>Der Lauf endete, bevor er begann: in log.txt nachsehen, dann erneut starten.</translation>
  </message>
  <message>
   <source>The run ended unexpectedly ({name}): its log says where; resume it or report this.</source>
   <translation>Der Lauf endete unerwartet ({name}): in seinem Protokoll steht, wo; ihn fortsetzen oder den Fehler melden.</translation>
  </message>
  <message>
   <source>The run ended without a word, perhaps because it was killed or the computer restarted: resume it.</source>
   <translation>Der Lauf endete ohne ein Wort, vielleicht weil er abgebrochen oder der Rechner neu gestartet wurde: ihn fortsetzen.</translation>
  </message>
  <message>
   <source>The run finished but its process ended with code {code}: look into log.txt before you use the model.</source>
   <translation>Der Lauf wurde fertig, aber sein Prozess endete mit Code {code}: in log.txt nachsehen, bevor das Modell verwendet wird.</translation>
  </message>
  <message>
   <source>The run has ended: segment the case with its model instead.</source>
   <translation>Der Lauf ist zu Ende: den Fall stattdessen mit seinem Modell segmentieren.</translation>
  </message>
  <message>
   <source>The run says it finished but its events do not: resume it.</source>
   <translation>Der Lauf meldet sich fertig, seine Ereignisse aber nicht: ihn fortsetzen.</translation>
  </message>
  <message>
   <source>The run was killed, perhaps because memory ran out: close other programs, then resume it.</source>
   <translation>Der Lauf wurde abgebrochen, vielleicht weil der Speicher nicht reichte: andere Programme schließen, dann fortsetzen.</translation>
  </message>
  <message>
   <source>The run was never started: resume it.</source>
   <translation>Der Lauf wurde nie gestartet: ihn fortsetzen.</translation>
  </message>
  <message>
   <source>The run was stopped.</source>
   <translation>Der Lauf wurde angehalten.</translation>
  </message>
  <message>
   <source>The run was stopped; it can be resumed.</source>
   <translation>Der Lauf wurde angehalten; er lässt sich fortsetzen.</translation>
  </message>
  <message>
   <source>The run {run_id} is at work already: follow it, or stop it first.</source>
   <translation>Der Lauf {run_id} ist schon bei der Arbeit: ihm folgen oder ihn zuerst anhalten.</translation>
  </message>
  <message>
   <source>The run {run_id} works on the computer {host} and has not stopped yet: wait, or end it there.</source>
   <translation>Der Lauf {run_id} arbeitet auf dem Rechner {host} und hat noch nicht angehalten: warten oder ihn dort beenden.</translation>
  </message>
  <message>
   <source>The scan is only {extent} mm wide along one axis, less than a hip joint: add the whole scan.</source>
   <translation>Die Aufnahme ist entlang einer Achse nur {extent} mm breit, weniger als ein Hüftgelenk: die ganze Aufnahme hinzufügen.</translation>
  </message>
  <message>
   <source>The scanner marked this series as something else than CT: add a CT.</source>
   <translation>Das Gerät hat diese Serie nicht als CT gekennzeichnet: ein CT hinzufügen.</translation>
  </message>
  <message>
   <source>The segmentation has the value {unknown}, which no label explains: add the label.</source>
   <translation>Die Segmentierung enthält den Wert {unknown}, den kein Segment erklärt: das Segment ergänzen.</translation>
  </message>
  <message>
   <source>The setting 'accumulation' must divide the {labelled_per_batch} labelled patches of a step, not {accumulation}.</source>
   <translation>Die Einstellung „accumulation“ muss die {labelled_per_batch} annotierten Ausschnitte eines Schritts teilen, nicht {accumulation} sein.</translation>
  </message>
  <message>
   <source>The setting 'betas' must be two numbers from 0 up to but not 1, not {betas}.</source>
   <translation>Die Einstellung „betas“ muss aus zwei Zahlen von 0 bis unter 1 bestehen, nicht {betas}.</translation>
  </message>
  <message>
   <source>The setting 'mirror_axes' must hold 0 (z), 1 (y) or 2 (x), not {mirror_axes}.</source>
   <translation>Die Einstellung „mirror_axes“ darf 0 (z), 1 (y) oder 2 (x) enthalten, nicht {mirror_axes}.</translation>
  </message>
  <message>
   <source>The setting 'prototypes' needs 'reference_scope' to be bank.</source>
   <translation>Die Einstellung „prototypes“ setzt voraus, dass „reference_scope“ auf bank steht.</translation>
  </message>
  <message>
   <source>The setting 'threshold_end' must not lie below 'threshold_start'.</source>
   <translation>Die Einstellung „threshold_end“ darf nicht unter „threshold_start“ liegen.</translation>
  </message>
  <message>
   <source>The setting {name} must be a finite number, not {value}.</source>
   <translation>Die Einstellung {name} muss eine endliche Zahl sein, nicht {value}.</translation>
  </message>
  <message>
   <source>The setting {name} must be a {name2}, not {value}.</source>
   <translation>Die Einstellung {name} muss vom Typ {name2} sein, nicht {value}.</translation>
  </message>
  <message>
   <source>The setting {name} must be one of {allowed}, not {value}.</source>
   <translation>Die Einstellung {name} muss eines von {allowed} sein, nicht {value}.</translation>
  </message>
  <message>
   <source>The setting {name} must be {limit}, not {value}.</source>
   <translation>Die Einstellung {name} muss {limit} sein, nicht {value}.</translation>
  </message>
  <message>
   <source>The similarity is {kernels} with {reduces}, not {kernel} with {reduce}.</source>
   <translation>Möglich sind die Ähnlichkeiten {kernels} mit {reduces}, nicht {kernel} mit {reduce}.</translation>
  </message>
  <message>
   <source>The slices claim an impossible size: export the series again.</source>
   <translation>Die Schichten geben eine unmögliche Größe an: die Serie neu exportieren.</translation>
  </message>
  <message>
   <source>The slices of this series differ in size or spacing: export the axial scan alone.</source>
   <translation>Die Schichten dieser Serie haben verschiedene Größen oder Abstände: die axiale Aufnahme allein exportieren.</translation>
  </message>
  <message>
   <source>The slices of this series point in different directions: export the axial scan alone.</source>
   <translation>Die Schichten dieser Serie weisen in verschiedene Richtungen: die axiale Aufnahme allein exportieren.</translation>
  </message>
  <message>
   <source>The spacing in this file is not a plausible number of millimetres: export it again.</source>
   <translation>Der Voxelabstand in dieser Datei ist keine glaubhafte Angabe in Millimetern: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>The spacing or the directions in this file make no sense: export it again.</source>
   <translation>Der Voxelabstand oder die Richtungen in dieser Datei ergeben keinen Sinn: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>The study already has a model '{stem}': rename the file, then import it.</source>
   <translation>Die Studie hat schon ein Modell „{stem}“: die Datei umbenennen, dann importieren.</translation>
  </message>
  <message>
   <source>The study has a run '{run_id}' already: choose another name.</source>
   <translation>Die Studie hat schon einen Lauf „{run_id}“: einen anderen Namen wählen.</translation>
  </message>
  <message>
   <source>The study has no case '{key}': choose one of the keys in its list of cases.</source>
   <translation>Die Studie hat keinen Fall „{key}“: einen aus ihrer Liste der Fälle wählen.</translation>
  </message>
  <message>
   <source>The study has no model yet: train one first, or import a model file.</source>
   <translation>Die Studie hat noch kein Modell: zuerst eines trainieren oder eine Modelldatei importieren.</translation>
  </message>
  <message>
   <source>The study has no result of this model for {case_key}: segment it first.</source>
   <translation>Die Studie hat kein Ergebnis dieses Modells für {case_key}: den Fall zuerst segmentieren.</translation>
  </message>
  <message>
   <source>The study has no result of this model for {key}: segment it first.</source>
   <translation>Die Studie hat kein Ergebnis dieses Modells für {key}: den Fall zuerst segmentieren.</translation>
  </message>
  <message>
   <source>The study has no unannotated case: add scans, or name cases with --cases.</source>
   <translation>Die Studie hat keinen Fall ohne Annotation: Aufnahmen hinzufügen oder Fälle mit --cases angeben.</translation>
  </message>
  <message>
   <source>The study's file study.json cannot be used because {error}: restore it from study.json.bak or a backup.</source>
   <translation>Die Datei study.json der Studie ist nicht verwendbar, denn {error}: sie aus study.json.bak oder einer Sicherung wiederherstellen.</translation>
  </message>
  <message>
   <source>The study's file study.json is too large or not text: restore it from study.json.bak or a backup.</source>
   <translation>Die Datei study.json der Studie ist zu groß oder kein Text: sie aus study.json.bak oder einer Sicherung wiederherstellen.</translation>
  </message>
  <message>
   <source>The surface could not be written: free some disk space and try again.</source>
   <translation>Die Oberfläche ließ sich nicht schreiben: Platz auf dem Datenträger schaffen, dann erneut versuchen.</translation>
  </message>
  <message>
   <source>The training configuration has no setting {unknown}; correct or remove it.</source>
   <translation>Das Training hat keine Einstellung {unknown}; sie berichtigen oder entfernen.</translation>
  </message>
  <message>
   <source>The uncertainty form must be {mean_of_entropies} or {entropy_of_mean}, not {form}.</source>
   <translation>Die Unsicherheit muss als {mean_of_entropies} oder {entropy_of_mean} berechnet werden, nicht als {form}.</translation>
  </message>
  <message>
   <source>The validation IoU fell more than {drop} below its best of {best_iou}; the checkpoint of step {best_step} is kept as the best.</source>
   <translation>Die IoU der Validierung fiel um mehr als {drop} unter ihren besten Wert von {best_iou}; der Zwischenstand von Schritt {best_step} bleibt als bester erhalten.</translation>
  </message>
  <message>
   <source>The values are shifted by 1024 (water lies near 1024): export the CT again with its rescale intercept.</source>
   <translation>Die Werte sind um 1024 verschoben (Wasser liegt bei 1024): das CT mit seinem Rescale Intercept neu exportieren.</translation>
  </message>
  <message>
   <source>The values only reach from {low} to {high}, these are no HU: export the CT without a window.</source>
   <translation>Die Werte reichen nur von {low} bis {high}, das sind keine HU: das CT ohne Fensterung exportieren.</translation>
  </message>
  <message>
   <source>The values reach from 0 to 255, these are grey values of a picture: export the HU.</source>
   <translation>Die Werte reichen von 0 bis 255, das sind Grauwerte eines Bildes: die HU exportieren.</translation>
  </message>
  <message>
   <source>The voxels are {coarsest} mm apart, thin bone is lost: use a finer reconstruction.</source>
   <translation>Die Voxel liegen {coarsest} mm auseinander, dünner Knochen geht verloren: eine feinere Rekonstruktion verwenden.</translation>
  </message>
  <message>
   <source>The voxels of this file cannot be read, it is damaged or compressed in an unknown way: export it again.</source>
   <translation>Die Voxel dieser Datei sind nicht lesbar, sie ist beschädigt oder auf unbekannte Art komprimiert: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>The window size must be three multiples of {divisor}, not {patch}.</source>
   <translation>Die Fenstergröße muss aus drei Vielfachen von {divisor} bestehen, nicht {patch}.</translation>
  </message>
  <message>
   <source>The window size {patch} and the batch {batch} must be positive.</source>
   <translation>Die Fenstergröße {patch} und die Anzahl {batch} müssen positiv sein.</translation>
  </message>
  <message>
   <source>The {patches} labelled patches of a step cannot be shared by {world} processes: set labelled_per_batch and unlabelled_per_batch to a multiple of {world2}.</source>
   <translation>Die {patches} annotierten Ausschnitte eines Schritts lassen sich nicht auf {world} Prozesse verteilen: labelled_per_batch und unlabelled_per_batch auf ein Vielfaches von {world2} setzen.</translation>
  </message>
  <message>
   <source>The {what} of the network must be one of {allowed}, not {name}.</source>
   <translation>Am Netz muss {what} eines von {allowed} sein, nicht {name}.</translation>
  </message>
  <message>
   <source>There is a run '{run_id}' already: choose another name.</source>
   <translation>Einen Lauf „{run_id}“ gibt es schon: einen anderen Namen wählen.</translation>
  </message>
  <message>
   <source>There is an NVIDIA GPU, but PyTorch was installed without support for it: install PyTorch again in the module PyTorch Utils.</source>
   <translation>Es gibt eine NVIDIA-GPU, aber PyTorch wurde ohne Unterstützung für sie installiert: PyTorch im Modul PyTorch Utils neu installieren.</translation>
  </message>
  <message>
   <source>There is no annotation on the grid of this result: annotate the case first.</source>
   <translation>Auf dem Gitter dieses Ergebnisses gibt es keine Annotation: den Fall zuerst annotieren.</translation>
  </message>
  <message>
   <source>There is no device '{name}' here: choose one of {known}.</source>
   <translation>Ein Gerät „{name}“ gibt es hier nicht: eines von {known} wählen.</translation>
  </message>
  <message>
   <source>There is no file or folder '{name}': check the name.</source>
   <translation>Eine Datei oder einen Ordner „{name}“ gibt es nicht: den Namen prüfen.</translation>
  </message>
  <message>
   <source>There is no list of labels '{name}': choose {names}, or a JSON file that exists.</source>
   <translation>Eine Segmentliste „{name}“ gibt es nicht: {names} wählen oder eine vorhandene JSON-Datei.</translation>
  </message>
  <message>
   <source>There is no model '{name}': list the models of the study and choose one of them.</source>
   <translation>Ein Modell „{name}“ gibt es nicht: die Modelle der Studie ansehen und eines davon wählen.</translation>
  </message>
  <message>
   <source>There is no model file "{name}"; choose another file.</source>
   <translation>Eine Modelldatei „{name}“ gibt es nicht; eine andere Datei wählen.</translation>
  </message>
  <message>
   <source>There is no negative value, so these are no HU (it may be an MR image): add a CT in HU.</source>
   <translation>Es gibt keinen negativen Wert, das sind also keine HU (vielleicht ist es ein MR-Bild): ein CT in HU hinzufügen.</translation>
  </message>
  <message>
   <source>There is no preset {name}; choose one of {presets}.</source>
   <translation>Eine Voreinstellung {name} gibt es nicht; eine von {presets} wählen.</translation>
  </message>
  <message>
   <source>There is no run in {folder}: name a folder inside the study's folder 'runs'.</source>
   <translation>In {folder} liegt kein Lauf: einen Ordner im Ordner „runs“ der Studie angeben.</translation>
  </message>
  <message>
   <source>There is too little disk space to open this CT quickly: free some space.</source>
   <translation>Der Platz auf dem Datenträger reicht nicht, um dieses CT schnell zu öffnen: Platz schaffen.</translation>
  </message>
  <message>
   <source>This CT has values that are not numbers: export it again.</source>
   <translation>Dieses CT hat Werte, die keine Zahlen sind: es neu exportieren.</translation>
  </message>
  <message>
   <source>This CT is in the study already as {key}: use that case, or allow duplicates if you mean it.</source>
   <translation>Dieses CT ist schon als {key} in der Studie: jenen Fall verwenden, oder Doppelte erlauben, wenn es gewollt ist.</translation>
  </message>
  <message>
   <source>This DICOM file is not a segmentation: choose a DICOM SEG file or a label map.</source>
   <translation>Diese DICOM-Datei ist keine Segmentierung: eine DICOM-SEG-Datei oder eine Labelmap wählen.</translation>
  </message>
  <message>
   <source>This file cannot be opened ({reason}): check that you may read it.</source>
   <translation>Diese Datei lässt sich nicht öffnen ({reason}): prüfen, ob sie gelesen werden darf.</translation>
  </message>
  <message>
   <source>This file cannot be read as an image, it is damaged or not what its name says: export it again.</source>
   <translation>Diese Datei ist nicht als Bild lesbar, sie ist beschädigt oder nicht das, was ihr Name sagt: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>This file does not exist (any more): check its path or add it again.</source>
   <translation>Diese Datei gibt es nicht (mehr): ihren Pfad prüfen oder sie neu hinzufügen.</translation>
  </message>
  <message>
   <source>This file has an unknown format: give .nii, .nii.gz, .nrrd or .mha, or a DICOM folder.</source>
   <translation>Diese Datei hat ein unbekanntes Format: .nii, .nii.gz, .nrrd oder .mha oder einen DICOM-Ordner angeben.</translation>
  </message>
  <message>
   <source>This file has values that are not numbers: export it again.</source>
   <translation>Diese Datei hat Werte, die keine Zahlen sind: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>This file holds a single slice: add the whole scan.</source>
   <translation>Diese Datei enthält eine einzige Schicht: die ganze Aufnahme hinzufügen.</translation>
  </message>
  <message>
   <source>This file holds colours or vectors and not a CT or a label: export the plain volume.</source>
   <translation>Diese Datei enthält Farben oder Vektoren und weder CT noch Annotation: das einfache Volumen exportieren.</translation>
  </message>
  <message>
   <source>This file holds more than its header says: export it again.</source>
   <translation>Diese Datei enthält mehr, als ihr Kopf sagt: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>This file holds segments and not a CT: add it as the label of a CT.</source>
   <translation>Diese Datei enthält Segmente und kein CT: sie als Annotation eines CT hinzufügen.</translation>
  </message>
  <message>
   <source>This file is cut short or damaged: copy or export it again.</source>
   <translation>Diese Datei ist abgeschnitten oder beschädigt: sie noch einmal kopieren oder exportieren.</translation>
  </message>
  <message>
   <source>This file is empty: export it again.</source>
   <translation>Diese Datei ist leer: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>This file is far too short for the size in its header: copy or export it again.</source>
   <translation>Diese Datei ist viel zu kurz für die Größe in ihrem Kopf: sie noch einmal kopieren oder exportieren.</translation>
  </message>
  <message>
   <source>This file is not one three-dimensional image: export a single volume.</source>
   <translation>Diese Datei ist nicht ein dreidimensionales Bild: ein einzelnes Volumen exportieren.</translation>
  </message>
  <message>
   <source>This file names no segments: save it as .nrrd if it is a plain label map.</source>
   <translation>Diese Datei benennt keine Segmente: sie als .nrrd speichern, wenn sie eine einfache Labelmap ist.</translation>
  </message>
  <message>
   <source>This file unpacks to far more than a CT of its size would: export it again.</source>
   <translation>Diese Datei wird beim Entpacken viel größer als ein CT ihrer Größe: die Aufnahme neu exportieren.</translation>
  </message>
  <message>
   <source>This folder does not exist (any more): check its path or add it again.</source>
   <translation>Diesen Ordner gibt es nicht (mehr): seinen Pfad prüfen oder ihn neu hinzufügen.</translation>
  </message>
  <message>
   <source>This folder has no such series: choose {choices}.</source>
   <translation>Dieser Ordner enthält keine solche Serie, vorhanden sind: {choices}.</translation>
  </message>
  <message>
   <source>This folder holds no DICOM image: choose the folder that directly holds the slices.</source>
   <translation>Dieser Ordner enthält kein DICOM-Bild: den Ordner wählen, in dem die Schichten selbst liegen.</translation>
  </message>
  <message>
   <source>This folder holds too many files: put the DICOM series into a folder of its own.</source>
   <translation>Dieser Ordner enthält zu viele Dateien: die DICOM-Serie in einen eigenen Ordner legen.</translation>
  </message>
  <message>
   <source>This folder holds {volumes} series that could be meant: choose {choices}.</source>
   <translation>Dieser Ordner enthält {volumes} Serien, die gemeint sein könnten; eine davon wählen: {choices}.</translation>
  </message>
  <message>
   <source>This header keeps its voxels in another file: save it as one file and add that.</source>
   <translation>Dieser Kopf hat seine Voxel in einer anderen Datei: alles als eine Datei speichern und diese hinzufügen.</translation>
  </message>
  <message>
   <source>This is a single DICOM file: give the folder that holds all slices of the series.</source>
   <translation>Dies ist eine einzelne DICOM-Datei: den Ordner angeben, der alle Schichten der Serie enthält.</translation>
  </message>
  <message>
   <source>This is not the CT that was added as {key}: choose the right file, or add a case.</source>
   <translation>Dies ist nicht das CT, das als {key} hinzugefügt wurde: die richtige Datei wählen oder einen Fall hinzufügen.</translation>
  </message>
  <message>
   <source>This is not the id of a request: use the one that asking returned.</source>
   <translation>Dies ist keine Nummer einer Anfrage: die verwenden, die beim Fragen zurückkam.</translation>
  </message>
  <message>
   <source>This is the same CT as {first}: remove one of them.</source>
   <translation>Dies ist dasselbe CT wie {first}: eines von beiden entfernen.</translation>
  </message>
  <message>
   <source>This place lies outside of the scan: give x, y and z in mm (LPS), as suggest names them.</source>
   <translation>Diese Stelle liegt außerhalb der Aufnahme: x, y und z in mm (LPS) angeben, wie suggest sie nennt.</translation>
  </message>
  <message>
   <source>This result is empty: there is no surface to write.</source>
   <translation>Dieses Ergebnis ist leer: es gibt keine Oberfläche zu schreiben.</translation>
  </message>
  <message>
   <source>This scan could not be segmented ({reason}): free memory and disk, then try again.</source>
   <translation>Diese Aufnahme ließ sich nicht segmentieren ({reason}): Speicher und Platz auf dem Datenträger schaffen, dann erneut versuchen.</translation>
  </message>
  <message>
   <source>This segmentation cannot be read, it is damaged or of an unknown kind: export it again.</source>
   <translation>Diese Segmentierung ist nicht lesbar, sie ist beschädigt oder von unbekannter Art: sie neu exportieren.</translation>
  </message>
  <message>
   <source>This segmentation holds no segment: export it again.</source>
   <translation>Diese Segmentierung enthält kein Segment: sie neu exportieren.</translation>
  </message>
  <message>
   <source>This series has a single slice: add the folder with the whole scan.</source>
   <translation>Diese Serie hat eine einzige Schicht: den Ordner mit der ganzen Aufnahme hinzufügen.</translation>
  </message>
  <message>
   <source>This series is stored as one multi-frame file: convert it to NIfTI first.</source>
   <translation>Diese Serie ist als eine einzige Datei mit vielen Bildern gespeichert (multi-frame): sie zuerst in NIfTI umwandeln.</translation>
  </message>
  <message>
   <source>Training did not begin because of these problems. {problems}</source>
   <translation>Das Training begann nicht, weil es diese Probleme gibt. {problems}</translation>
  </message>
  <message>
   <source>Training on {name}.</source>
   <translation>Training auf {name}.</translation>
  </message>
  <message>
   <source>Two segments of this file would get the same label value: name them as in the study.</source>
   <translation>Zwei Segmente dieser Datei bekämen denselben Wert: sie wie in der Studie benennen.</translation>
  </message>
  <message>
   <source>Uncertain places need a three-dimensional map and positive sizes in mm.</source>
   <translation>Unsichere Stellen brauchen eine dreidimensionale Karte und positive Größen in mm.</translation>
  </message>
  <message>
   <source>Uncertainty needs at least one pass: leave --passes at 5.</source>
   <translation>Die Unsicherheit braucht mindestens einen Durchlauf: --passes bei 5 lassen.</translation>
  </message>
  <message>
   <source>What 3D Slicer handed over is not whole: export again.</source>
   <translation>Was 3D Slicer übergab, ist unvollständig: erneut exportieren.</translation>
  </message>
  <message>
   <source>config.json of the run {run_id} is damaged: start a new run.</source>
   <translation>config.json des Laufs {run_id} ist beschädigt: einen neuen Lauf starten.</translation>
  </message>
  <message>
   <source>{annotated} annotated and {held_out} held-out scans are more than {count}: ask for more.</source>
   <translation>{annotated} annotierte und {held_out} zurückgehaltene Aufnahmen sind mehr als {count}: mehr Aufnahmen verlangen.</translation>
  </message>
  <message>
   <source>{count} of {slices} slices hold fewer or more voxels than they say: copy them again.</source>
   <translation>{count} von {slices} Schichten enthalten weniger oder mehr Voxel, als sie angeben: sie noch einmal kopieren.</translation>
  </message>
  <message>
   <source>{count} slices lie in the place of another (several phases or exports): keep one of each.</source>
   <translation>{count} Schichten liegen am Platz einer anderen (mehrere Phasen oder Exporte): von jeder nur eine behalten.</translation>
  </message>
  <message>
   <source>{doing} because {reason}.</source>
   <translation>{doing}, denn {reason}.</translation>
  </message>
  <message>
   <source>{key} cannot validate because it is not an annotated case: choose another.</source>
   <translation>{key} kann nicht validieren, weil es kein annotierter Fall ist: einen anderen wählen.</translation>
  </message>
  <message>
   <source>{key} has an annotation already, and a model's result never takes its place.</source>
   <translation>{key} hat schon eine Annotation, und ein Ergebnis des Modells tritt nie an ihre Stelle.</translation>
  </message>
  <message>
   <source>{key} has no label to compare with: annotate it, or leave it out.</source>
   <translation>{key} hat keine Annotation zum Vergleich: den Fall annotieren oder weglassen.</translation>
  </message>
  <message>
   <source>{key} has no label to review: annotate it first.</source>
   <translation>{key} hat keine Annotation, die man prüfen könnte: den Fall zuerst annotieren.</translation>
  </message>
  <message>
   <source>{key} has no label to take back: annotate it first.</source>
   <translation>{key} hat keine Annotation, die man zurücknehmen könnte: den Fall zuerst annotieren.</translation>
  </message>
  <message>
   <source>{key} has no label version {version}: choose one below {labels}.</source>
   <translation>{key} hat keine Fassung {version} der Annotation: eine unter {labels} wählen.</translation>
  </message>
  <message>
   <source>{key} is not used for training, so a model's result is no annotation of it.</source>
   <translation>{key} wird nicht zum Training verwendet, deshalb ist ein Ergebnis des Modells keine Annotation davon.</translation>
  </message>
  <message>
   <source>{key}: {error}</source>
   <translation>{key}: {error}</translation>
  </message>
  <message>
   <source>{lacking} of {slices} slices lack their position, direction or spacing: export them again.</source>
   <translation>{lacking} von {slices} Schichten fehlen Lage, Richtung oder Abstand: sie neu exportieren.</translation>
  </message>
  <message>
   <source>{missing} slices are missing between the first and the last one: export the whole series again.</source>
   <translation>{missing} Schichten fehlen zwischen der ersten und der letzten: die ganze Serie neu exportieren.</translation>
  </message>
  <message>
   <source>{name} cannot be used because it is not UTF-8 text: choose another file.</source>
   <translation>{name} ist nicht verwendbar, weil es kein UTF-8-Text ist: eine andere Datei wählen.</translation>
  </message>
  <message>
   <source>{name} cannot be used because {error}: choose another file.</source>
   <translation>{name} ist nicht verwendbar, denn {error}: eine andere Datei wählen.</translation>
  </message>
  <message>
   <source>{name} does not exist; start the run anew.</source>
   <translation>{name} gibt es nicht; den Lauf neu beginnen.</translation>
  </message>
  <message>
   <source>{name} holds more than {max_folders} folders: choose one further down.</source>
   <translation>{name} enthält mehr als {max_folders} Ordner: einen weiter unten wählen.</translation>
  </message>
  <message>
   <source>{name} holds no CT series: choose a folder with a scan.</source>
   <translation>{name} enthält keine CT-Serie: einen Ordner mit einer Aufnahme wählen.</translation>
  </message>
  <message>
   <source>{name} is a folder: choose the label file itself.</source>
   <translation>{name} ist ein Ordner: die Annotationsdatei selbst wählen.</translation>
  </message>
  <message>
   <source>{name} is damaged or no checkpoint; start the run anew or restore the file.</source>
   <translation>{name} ist beschädigt oder kein Zwischenstand; den Lauf neu beginnen oder die Datei wiederherstellen.</translation>
  </message>
  <message>
   <source>{name} is damaged: look into log.txt, then resume the run.</source>
   <translation>{name} ist beschädigt: in log.txt nachsehen, dann den Lauf fortsetzen.</translation>
  </message>
  <message>
   <source>{name} is no folder: choose the one that holds the DICOM files.</source>
   <translation>{name} ist kein Ordner: den wählen, der die DICOM-Dateien enthält.</translation>
  </message>
  <message>
   <source>{name} is no list of labels because {error}: correct it.</source>
   <translation>{name} ist keine Liste von Segmenten, denn {error}: sie berichtigen.</translation>
  </message>
  <message>
   <source>{name} is not there: check the path, and that the disk is connected.</source>
   <translation>{name} ist nicht da: den Pfad prüfen und ob der Datenträger angeschlossen ist.</translation>
  </message>
  <message>
   <source>{name} is still being written: try again when it is complete.</source>
   <translation>{name} wird noch geschrieben: erneut versuchen, wenn es vollständig ist.</translation>
  </message>
  <message>
   <source>{name} keeps its voxels in a second file: save it as .nii.gz, .nrrd or .mha first.</source>
   <translation>{name} hat seine Voxel in einer zweiten Datei: es zuerst als .nii.gz, .nrrd oder .mha speichern.</translation>
  </message>
  <message>
   <source>{name} must be one of {allowed}, not {value}.</source>
   <translation>{name} muss eines von {allowed} sein, nicht {value}.</translation>
  </message>
  <message>
   <source>{name} was not written by this program's trainer; choose another file.</source>
   <translation>{name} stammt nicht vom Training dieses Programms; eine andere Datei wählen.</translation>
  </message>
  <message>
   <source>{name} was written by another version of this program; use that version to resume it.</source>
   <translation>{name} stammt aus einer anderen Version dieses Programms; zum Fortsetzen jene Version verwenden.</translation>
  </message>
  <message>
   <source>{slices} slices are in this folder twice and are read once: nothing to do.</source>
   <translation>{slices} Schichten liegen doppelt in diesem Ordner und werden einmal gelesen: nichts zu tun.</translation>
  </message>
  <message>
   <source>{steps} steps were chosen for a budget of one minute.</source>
   <translation>{steps} Schritte wurden für ein Zeitbudget von einer Minute gewählt.</translation>
  </message>
  <message>
   <source>{steps} steps were chosen for a budget of {minutes} minutes.</source>
   <translation>{steps} Schritte wurden für ein Zeitbudget von {minutes} Minuten gewählt.</translation>
  </message>
  <message>
   <source>{unreadable} DICOM files in this folder are damaged and are left out: copy them again.</source>
   <translation>{unreadable} DICOM-Dateien in diesem Ordner sind beschädigt und werden ausgelassen: sie noch einmal kopieren.</translation>
  </message>
  <message>
   <source>{what} changed on disk after it was added: restore the file, or remove the case and add it.</source>
   <translation>{what} wurde auf dem Datenträger verändert, seit der Fall hinzugefügt wurde: die Datei wiederherstellen, oder den Fall entfernen und neu hinzufügen.</translation>
  </message>
  <message>
   <source>{what} is in use by another program ({holder}): wait until it has finished or close it, then try again.</source>
   <translation>{what} wird gerade von einem anderen Programm verwendet ({holder}): warten, bis es fertig ist, oder es schließen, dann erneut versuchen.</translation>
  </message>
  <message>
   <source>{what} is no longer where it was: reconnect the disk, or say where it lies now.</source>
   <translation>{what} ist nicht mehr am alten Ort: den Datenträger wieder anschließen oder angeben, wo die Datei jetzt liegt.</translation>
  </message>
  <message>
   <source>{what} lies in a folder that cannot be locked against a second program: move it to a local disk.</source>
   <translation>{what} liegt in einem Ordner, der sich nicht gegen ein zweites Programm sperren lässt: auf einen lokalen Datenträger legen.</translation>
  </message>
  <message>
   <source>{what} points out of the study folder, so it is not opened: restore the study from a backup.</source>
   <translation>{what} führt aus dem Ordner der Studie hinaus und wird deshalb nicht geöffnet: die Studie aus einer Sicherung wiederherstellen.</translation>
  </message>
  <message>
   <source>'{name}' and its mirror are not on opposite sides: give one the left and one the right</source>
   <translation>„{name}“ und sein Spiegelbild liegen nicht auf verschiedenen Seiten: einem links, dem anderen rechts geben</translation>
  </message>
  <message>
   <source>'{name}' and its mirror do not name each other: let each point to the other</source>
   <translation>„{name}“ und sein Spiegelbild nennen einander nicht: jedes auf das andere verweisen lassen</translation>
  </message>
  <message>
   <source>'{name}' has the value {value}: use values from 1 to {ignore}</source>
   <translation>„{name}“ hat den Wert {value}: Werte von 1 bis {ignore} verwenden</translation>
  </message>
  <message>
   <source>A temporary file could not be written</source>
   <translation>Eine temporäre Datei konnte nicht geschrieben werden</translation>
  </message>
  <message>
   <source>Checking</source>
   <translation>Prüfe</translation>
  </message>
  <message>
   <source>Checking the scans</source>
   <translation>Prüfe die Aufnahmen</translation>
  </message>
  <message>
   <source>Evaluating</source>
   <translation>Werte aus</translation>
  </message>
  <message>
   <source>Looking for uncertain places</source>
   <translation>Suche unsichere Stellen</translation>
  </message>
  <message>
   <source>Looking into the folders</source>
   <translation>Sehe in die Ordner</translation>
  </message>
  <message>
   <source>Making phantom hips</source>
   <translation>Erzeuge Phantomhüften</translation>
  </message>
  <message>
   <source>Measuring the speed</source>
   <translation>Messe die Geschwindigkeit</translation>
  </message>
  <message>
   <source>Preparing cases for display</source>
   <translation>Bereite Fälle für die Anzeige vor</translation>
  </message>
  <message>
   <source>Preparing the scans</source>
   <translation>Bereite die Aufnahmen vor</translation>
  </message>
  <message>
   <source>Preview</source>
   <translation>Vorschau</translation>
  </message>
  <message>
   <source>Putting the result onto the CT's grid</source>
   <translation>Lege das Ergebnis auf das Gitter des CT</translation>
  </message>
  <message>
   <source>Segmenting</source>
   <translation>Segmentiere</translation>
  </message>
  <message>
   <source>The CT could not be copied into the study</source>
   <translation>Das CT konnte nicht in die Studie kopiert werden</translation>
  </message>
  <message>
   <source>The CT of {key}</source>
   <translation>Das CT von {key}</translation>
  </message>
  <message>
   <source>The checkpoint {name}</source>
   <translation>Der Zwischenstand {name}</translation>
  </message>
  <message>
   <source>The exported files could not be written</source>
   <translation>Die exportierten Dateien konnten nicht geschrieben werden</translation>
  </message>
  <message>
   <source>The file could not be read</source>
   <translation>Die Datei konnte nicht gelesen werden</translation>
  </message>
  <message>
   <source>The folder of the run {run_id} could not be created</source>
   <translation>Der Ordner des Laufs {run_id} konnte nicht angelegt werden</translation>
  </message>
  <message>
   <source>The folder {name}</source>
   <translation>Der Ordner {name}</translation>
  </message>
  <message>
   <source>The folder {name} could not be created</source>
   <translation>Der Ordner {name} konnte nicht angelegt werden</translation>
  </message>
  <message>
   <source>The folder {place}</source>
   <translation>Der Ordner {place}</translation>
  </message>
  <message>
   <source>The folder {place} could not be created</source>
   <translation>Der Ordner {place} konnte nicht angelegt werden</translation>
  </message>
  <message>
   <source>The label</source>
   <translation>Die Annotation</translation>
  </message>
  <message>
   <source>The label of {key}</source>
   <translation>Die Annotation von {key}</translation>
  </message>
  <message>
   <source>The process of the run {run_id} could not be started</source>
   <translation>Der Prozess des Laufs {run_id} konnte nicht gestartet werden</translation>
  </message>
  <message>
   <source>The progress of the run could not be read</source>
   <translation>Der Fortschritt des Laufs konnte nicht gelesen werden</translation>
  </message>
  <message>
   <source>The progress of the run could not be written</source>
   <translation>Der Fortschritt des Laufs konnte nicht geschrieben werden</translation>
  </message>
  <message>
   <source>The request could not be written</source>
   <translation>Die Anfrage konnte nicht geschrieben werden</translation>
  </message>
  <message>
   <source>The request to stop could not be written</source>
   <translation>Die Bitte anzuhalten konnte nicht geschrieben werden</translation>
  </message>
  <message>
   <source>The result could not be copied for export</source>
   <translation>Das Ergebnis konnte nicht für den Export kopiert werden</translation>
  </message>
  <message>
   <source>The result of {case_key}</source>
   <translation>Das Ergebnis von {case_key}</translation>
  </message>
  <message>
   <source>The run {run_id}</source>
   <translation>Der Lauf {run_id}</translation>
  </message>
  <message>
   <source>The study</source>
   <translation>Die Studie</translation>
  </message>
  <message>
   <source>The study's file study.json could not be read</source>
   <translation>Die Datei study.json der Studie konnte nicht gelesen werden</translation>
  </message>
  <message>
   <source>Training</source>
   <translation>Training</translation>
  </message>
  <message>
   <source>Writing surface {number}</source>
   <translation>Schreibe Oberfläche {number}</translation>
  </message>
  <message>
   <source>Writing the model</source>
   <translation>Schreibe das Modell</translation>
  </message>
  <message>
   <source>Writing the volume</source>
   <translation>Schreibe das Volumen</translation>
  </message>
  <message>
   <source>Your drawing could not be saved</source>
   <translation>Die Zeichnung konnte nicht gespeichert werden</translation>
  </message>
  <message>
   <source>a case of schema 0 has no list of labels</source>
   <translation>ein Fall nach Schema 0 hat keine Liste von Annotationen</translation>
  </message>
  <message>
   <source>a key stands twice in one object</source>
   <translation>ein Schlüssel steht zweimal in einem Objekt</translation>
  </message>
  <message>
   <source>a process that left no name</source>
   <translation>ein Prozess, der keinen Namen hinterließ</translation>
  </message>
  <message>
   <source>a training class is not between 0 and {ignore}: correct it</source>
   <translation>eine Trainingsklasse liegt nicht zwischen 0 und {ignore}: sie berichtigen</translation>
  </message>
  <message>
   <source>at least {low}</source>
   <translation>mindestens {low}</translation>
  </message>
  <message>
   <source>choose the folder that holds study.json, or create a study</source>
   <translation>den Ordner wählen, der study.json enthält, oder eine Studie anlegen</translation>
  </message>
  <message>
   <source>each batch is learned in {accumulation} parts</source>
   <translation>jeder Schritt wird in {accumulation} Teilen gelernt</translation>
  </message>
  <message>
   <source>every label is background: let the network learn at least one</source>
   <translation>jedes Segment zählt als Hintergrund: das Netz mindestens eines lernen lassen</translation>
  </message>
  <message>
   <source>from {low} to {high}</source>
   <translation>von {low} bis {high}</translation>
  </message>
  <message>
   <source>has more than {limit} entries</source>
   <translation>hat mehr als {limit} Einträge</translation>
  </message>
  <message>
   <source>holds control characters</source>
   <translation>enthält Steuerzeichen</translation>
  </message>
  <message>
   <source>is longer than {limit} characters</source>
   <translation>ist länger als {limit} Zeichen</translation>
  </message>
  <message>
   <source>is neither true nor false</source>
   <translation>ist weder wahr noch falsch</translation>
  </message>
  <message>
   <source>is not a list</source>
   <translation>ist keine Liste</translation>
  </message>
  <message>
   <source>is not a number from {low} to {high}</source>
   <translation>ist keine Zahl von {low} bis {high}</translation>
  </message>
  <message>
   <source>is not a whole number from {low} to {high}</source>
   <translation>ist keine ganze Zahl von {low} bis {high}</translation>
  </message>
  <message>
   <source>is not an object of plain values</source>
   <translation>ist kein Objekt aus einfachen Werten</translation>
  </message>
  <message>
   <source>is not of the expected form</source>
   <translation>hat nicht die erwartete Form</translation>
  </message>
  <message>
   <source>is not text</source>
   <translation>ist kein Text</translation>
  </message>
  <message>
   <source>is not three whole numbers from 0 to 255</source>
   <translation>ist nicht drei ganze Zahlen von 0 bis 255</translation>
  </message>
  <message>
   <source>it is empty: name at least one label</source>
   <translation>sie ist leer: mindestens ein Segment nennen</translation>
  </message>
  <message>
   <source>it is larger than {size_limit} MB</source>
   <translation>sie ist größer als {size_limit} MB</translation>
  </message>
  <message>
   <source>it is nested too deeply</source>
   <translation>sie ist zu tief verschachtelt</translation>
  </message>
  <message>
   <source>it is not an object</source>
   <translation>sie ist kein Objekt</translation>
  </message>
  <message>
   <source>it is not valid JSON</source>
   <translation>sie ist kein gültiges JSON</translation>
  </message>
  <message>
   <source>it states no schema version</source>
   <translation>sie nennt keine Schema-Version</translation>
  </message>
  <message>
   <source>it was written by a newer SemiSegEmbed (schema {version}), which you should install</source>
   <translation>sie stammt von einem neueren SemiSegEmbed (Schema {version}), das man installieren sollte</translation>
  </message>
  <message>
   <source>its folder is gone: check that the disk or network folder is connected</source>
   <translation>ihr Ordner ist nicht mehr da: prüfen, ob der Datenträger oder Netzwerkordner verbunden ist</translation>
  </message>
  <message>
   <source>labels of one training class would mirror into different classes: separate or join them</source>
   <translation>Segmente einer Trainingsklasse würden in verschiedene Klassen gespiegelt: sie trennen oder zusammenlegen</translation>
  </message>
  <message>
   <source>leads out of the study folder</source>
   <translation>führt aus dem Ordner der Studie hinaus</translation>
  </message>
  <message>
   <source>or one of {series} more</source>
   <translation>oder eine von {series} weiteren</translation>
  </message>
  <message>
   <source>out of memory</source>
   <translation>zu wenig Speicher</translation>
  </message>
  <message>
   <source>patches shrink from {times} to {times2} voxels</source>
   <translation>Ausschnitte schrumpfen von {times} auf {times2} Voxel</translation>
  </message>
  <message>
   <source>permission is missing: choose another folder, or close the program that has it open</source>
   <translation>die Berechtigung fehlt: einen anderen Ordner wählen, oder das Programm schließen, das die Datei geöffnet hat</translation>
  </message>
  <message>
   <source>process {pid} on {host} since {since}</source>
   <translation>Prozess {pid} auf {host} seit {since}</translation>
  </message>
  <message>
   <source>processor with {cores} cores</source>
   <translation>Prozessor mit {cores} Kernen</translation>
  </message>
  <message>
   <source>rename {backup_name} to {manifest_name}</source>
   <translation>{backup_name} in {manifest_name} umbenennen</translation>
  </message>
  <message>
   <source>study.cases is not a list</source>
   <translation>study.cases ist keine Liste</translation>
  </message>
  <message>
   <source>study.next_case is already taken</source>
   <translation>study.next_case ist schon vergeben</translation>
  </message>
  <message>
   <source>the disk is full: free some space and try again</source>
   <translation>der Datenträger ist voll: Platz schaffen und erneut versuchen</translation>
  </message>
  <message>
   <source>the folder is read-only: choose another folder or ask for permission to write</source>
   <translation>der Ordner ist schreibgeschützt: einen anderen wählen oder um Schreibrechte bitten</translation>
  </message>
  <message>
   <source>the label with value {value} has no name: give it one</source>
   <translation>das Segment mit dem Wert {value} hat keinen Namen: ihm einen geben</translation>
  </message>
  <message>
   <source>the list</source>
   <translation>die Liste</translation>
  </message>
  <message>
   <source>the path is too long: move the study to a folder with a shorter path</source>
   <translation>der Pfad ist zu lang: die Studie in einen Ordner mit kürzerem Pfad legen</translation>
  </message>
  <message>
   <source>the side of '{name}' is neither left nor right: correct it</source>
   <translation>die Seite von „{name}“ ist weder links noch rechts: sie berichtigen</translation>
  </message>
  <message>
   <source>the system reports '{strerror}': check the disk or network folder</source>
   <translation>das System meldet „{strerror}“: den Datenträger oder Netzwerkordner prüfen</translation>
  </message>
  <message>
   <source>the teacher sees {teacher_chunk} of its patches at once</source>
   <translation>der Lehrer sieht {teacher_chunk} seiner Ausschnitte auf einmal</translation>
  </message>
  <message>
   <source>the training classes have a gap: number them 1, 2, 3 and so on</source>
   <translation>die Trainingsklassen haben eine Lücke: sie mit 1, 2, 3 und so weiter nummerieren</translation>
  </message>
  <message>
   <source>two cases have the same key</source>
   <translation>zwei Fälle haben denselben Schlüssel</translation>
  </message>
  <message>
   <source>two labels have the same name: give each its own</source>
   <translation>zwei Segmente haben denselben Namen: jedem einen eigenen geben</translation>
  </message>
  <message>
   <source>two labels have the same value: give each its own</source>
   <translation>zwei Segmente haben denselben Wert: jedem einen eigenen geben</translation>
  </message>
  <message>
   <source>two results are of the same case and model</source>
   <translation>zwei Ergebnisse gehören zu demselben Fall und Modell</translation>
  </message>
  <message>
   <source>two runs have the same name</source>
   <translation>zwei Läufe haben denselben Namen</translation>
  </message>
  <message>
   <source>your disk quota is used up: free some space and try again</source>
   <translation>der zugeteilte Speicherplatz ist aufgebraucht: Platz schaffen und erneut versuchen</translation>
  </message>
  <message>
   <source>{constant} is not a number</source>
   <translation>{constant} ist keine Zahl</translation>
  </message>
  <message>
   <source>{hours} hours</source>
   <translation>{hours} Stunden</translation>
  </message>
  <message>
   <source>{hours} minutes</source>
   <translation>{hours} Minuten</translation>
  </message>
  <message>
   <source>{name} could not be deleted</source>
   <translation>{name} konnte nicht gelöscht werden</translation>
  </message>
  <message>
   <source>{name} could not be read</source>
   <translation>{name} konnte nicht gelesen werden</translation>
  </message>
  <message>
   <source>{name} could not be saved</source>
   <translation>{name} konnte nicht gespeichert werden</translation>
  </message>
  <message>
   <source>{task} ({number} of {images})</source>
   <translation>{task} ({number} von {images})</translation>
  </message>
  <message>
   <source>{uid} ({description}, {slice_count} slices)</source>
   <translation>{uid} ({description}, {slice_count} Schichten)</translation>
  </message>
  <message>
   <source>{uid} ({modality}, {slice_count} slices{details})</source>
   <translation>{uid} ({modality}, {slice_count} Schichten{details})</translation>
  </message>
  <message>
   <source>{what} could not be locked</source>
   <translation>{what} konnte nicht gesperrt werden</translation>
  </message>
  <message>
   <source>{what} could not be read</source>
   <translation>{what} konnte nicht gelesen werden</translation>
  </message>
  <message>
   <source>{what} could not be saved</source>
   <translation>{what} konnte nicht gespeichert werden</translation>
  </message>
  <message>
   <source>{where} has an unknown '{left}'</source>
   <translation>{where} hat einen unbekannten Eintrag „{left}“</translation>
  </message>
  <message>
   <source>{where} has no '{name}'</source>
   <translation>{where} hat keinen Eintrag „{name}“</translation>
  </message>
  <message>
   <source>{where} is not an object</source>
   <translation>{where} ist kein Objekt</translation>
  </message>
  <message>
   <source>{where}.{name} {problem}</source>
   <translation>{where}.{name} {problem}</translation>
  </message>
 </context>
 <context>
  <name>application.model_text</name>
  <message>
   <source>Trained {created} with {method}, {steps} steps.</source>
   <translation>Trainiert {created} mit {method}, {steps} Schritte.</translation>
  </message>
  <message>
   <source>Learned from {annotated} annotated and {unannotated} other cases.</source>
   <translation>Gelernt aus {annotated} annotierten und {unannotated} weiteren Fällen.</translation>
  </message>
  <message>
   <source>{name}: IoU {iou}, HD95 {hd95}</source>
   <translation>{name}: IoU {iou}, HD95 {hd95}</translation>
  </message>
  <message>
   <source>Voxels of {spacing} mm; the file takes {size} MiB.</source>
   <translation>Voxel von {spacing} mm; die Datei belegt {size} MiB.</translation>
  </message>
  <message>
   <source>the method of the paper</source>
   <translation>dem Verfahren der Veröffentlichung</translation>
  </message>
  <message>
   <source>annotated cases alone</source>
   <translation>annotierten Fällen allein</translation>
  </message>
  <message>
   <source>Taken from a run at work, {created}, with {method}, after {steps} steps.</source>
   <translation>Aus einem laufenden Training, {created}, mit {method}, nach {steps} Schritten.</translation>
  </message>
  <message>
   <source>It was not validated: look at its results before you trust them.</source>
   <translation>Es wurde nicht validiert: die Ergebnisse ansehen, bevor man ihnen traut.</translation>
  </message>
  <message>
   <source>Validation</source>
   <translation>Validierung</translation>
  </message>
  <message>
   <source>These scores are optimistic: they were measured on blocks of cases that also trained.</source>
   <translation>Diese Werte sind optimistisch: gemessen an Blöcken von Fällen, mit denen auch trainiert wurde.</translation>
  </message>
  <message>
   <source>{begun} ({id}), last step</source>
   <translation>{begun} ({id}), letzter Schritt</translation>
  </message>
  <message>
   <source>Segments: {names}.</source>
   <translation>Segmente: {names}.</translation>
  </message>
  <message>
   <source>Annotated: {cases}.</source>
   <translation>Annotiert: {cases}.</translation>
  </message>
 </context>
 <context>
  <name>application.models_presenter</name>
  <message>
   <source>A model file (.ssemodel)</source>
   <translation>Eine Modelldatei (.ssemodel)</translation>
  </message>
  <message>
   <source>Folder for the model file</source>
   <translation>Ordner für die Modelldatei</translation>
  </message>
  <message>
   <source>Delete the model {id} for good? This frees {size} MiB.</source>
   <translation>Das Modell {id} endgültig löschen? Das gibt {size} MiB frei.</translation>
  </message>
  <message>
   <source>Something is still under way: wait until it is done.</source>
   <translation>Es läuft noch etwas: bitte warten, bis es fertig ist.</translation>
  </message>
  <message>
   <source>Deleted {id}; {size:.1f} MiB freed.</source>
   <translation>{id} gelöscht; {size:.1f} MiB frei geworden.</translation>
  </message>
  <message>
   <source>Written: {names}</source>
   <translation>Geschrieben: {names}</translation>
  </message>
  <message>
   <source>Imported as {id}.</source>
   <translation>Importiert als {id}.</translation>
  </message>
 </context>
 <context>
  <name>application.models_view</name>
  <message>
   <source>Models appear here when a training run has ended.</source>
   <translation>Modelle erscheinen hier, wenn ein Trainingslauf zu Ende ist.</translation>
  </message>
  <message>
   <source>{score} (optimistic)</source>
   <translation>{score} (optimistisch)</translation>
  </message>
 </context>
 <context>
  <name>application.overlays</name>
  <message>
   <source>unsure (50 %)</source>
   <translation>unsicher (50 %)</translation>
  </message>
  <message>
   <source>undecided (100 %)</source>
   <translation>unentschieden (100 %)</translation>
  </message>
  <message>
   <source>annotated</source>
   <translation>annotiert</translation>
  </message>
  <message>
   <source>the model is sure</source>
   <translation>das Modell ist sicher</translation>
  </message>
  <message>
   <source>matched with annotated places</source>
   <translation>annotierten Stellen zugeordnet</translation>
  </message>
  <message>
   <source>neither</source>
   <translation>keines von beiden</translation>
  </message>
  <message>
   <source>only the model</source>
   <translation>nur das Modell</translation>
  </message>
  <message>
   <source>only the annotation</source>
   <translation>nur die Annotation</translation>
  </message>
  <message>
   <source>another segment</source>
   <translation>anderes Segment</translation>
  </message>
  <message>
   <source>a little unsure ({percent} %)</source>
   <translation>etwas unsicher ({percent} %)</translation>
  </message>
  <message>
   <source>This result has no such map: segment the case again.</source>
   <translation>Dieses Ergebnis hat keine solche Karte: den Fall neu segmentieren.</translation>
  </message>
 </context>
 <context>
  <name>application.result_files</name>
  <message>
   <source>The CT of this result is no longer loaded: show the result again.</source>
   <translation>Das CT dieses Ergebnisses ist nicht mehr geladen: das Ergebnis erneut anzeigen.</translation>
  </message>
 </context>
 <context>
  <name>application.review_presenter</name>
  <message>
   <source>There is no model yet: train first.</source>
   <translation>Es gibt noch kein Modell: Zuerst trainieren.</translation>
  </message>
  <message>
   <source>Every case is annotated.</source>
   <translation>Jeder Fall ist annotiert.</translation>
  </message>
  <message>
   <source>Cases ranked: {count}. The first one teaches the model most.</source>
   <translation>Gereihte Fälle: {count}. Vom ersten lernt das Modell am meisten.</translation>
  </message>
  <message>
   <source>Open a case first.</source>
   <translation>Zuerst einen Fall öffnen.</translation>
  </message>
  <message>
   <source>Segmenting ...</source>
   <translation>Segmentiere ...</translation>
  </message>
  <message>
   <source>Looking at the cases ...</source>
   <translation>Sehe die Fälle an ...</translation>
  </message>
  <message>
   <source>Something is still under way: wait until it is done, or cancel it.</source>
   <translation>Es läuft noch etwas: warten, bis es fertig ist, oder abbrechen.</translation>
  </message>
  <message>
   <source>Segmenting was cancelled.</source>
   <translation>Die Segmentierung wurde abgebrochen.</translation>
  </message>
  <message>
   <source>Segmented. Look at the most uncertain places first.</source>
   <translation>Segmentiert. Zuerst die unsichersten Stellen ansehen.</translation>
  </message>
 </context>
 <context>
  <name>application.review_view</name>
  <message>
   <source>Open a case in the Study section.</source>
   <translation>Im Abschnitt Studie einen Fall öffnen.</translation>
  </message>
  <message>
   <source>not reviewed</source>
   <translation>nicht geprüft</translation>
  </message>
  <message>
   <source>accepted</source>
   <translation>angenommen</translation>
  </message>
  <message>
   <source>rejected</source>
   <translation>verworfen</translation>
  </message>
  <message>
   <source>edited</source>
   <translation>bearbeitet</translation>
  </message>
  <message>
   <source>annotated</source>
   <translation>annotiert</translation>
  </message>
  <message>
   <source>confident</source>
   <translation>sicher</translation>
  </message>
  <message>
   <source>matched</source>
   <translation>zugeordnet</translation>
  </message>
  <message>
   <source>neither</source>
   <translation>keines von beiden</translation>
  </message>
  <message>
   <source>{rank}. {size:.1f} cm³, {percent:.0f} % unsure</source>
   <translation>{rank}. {size:.1f} cm³, {percent:.0f} % unsicher</translation>
  </message>
  <message>
   <source>{rank}. {name}, {percent:.0f} % unsure</source>
   <translation>{rank}. {name}, {percent:.0f} % unsicher</translation>
  </message>
  <message>
   <source>No place is uncertain.</source>
   <translation>Keine Stelle ist unsicher.</translation>
  </message>
  <message>
   <source>{rank}. {name}, {percent:.0f} % unsure (an older model)</source>
   <translation>{rank}. {name}, {percent:.0f} % unsicher (älteres Modell)</translation>
  </message>
  <message>
   <source>Not looked at yet: {count}. Press Rank cases.</source>
   <translation>Noch nicht angesehen: {count}. „Fälle reihen“ drücken.</translation>
  </message>
  <message>
   <source>{case} was not segmented yet.</source>
   <translation>{case} wurde noch nicht segmentiert.</translation>
  </message>
  <message>
   <source>Segmented by the model {model}.</source>
   <translation>Segmentiert vom Modell {model}.</translation>
  </message>
 </context>
 <context>
  <name>application.run_follower</name>
  <message>
   <source>The folder of the run is not where it was: open the study where it lies now.</source>
   <translation>Der Ordner des Laufs ist nicht mehr an seinem Ort: die Studie dort öffnen, wo sie jetzt liegt.</translation>
  </message>
 </context>
 <context>
  <name>application.run_plot</name>
  <message>
   <source>Training</source>
   <translation>Training</translation>
  </message>
  <message>
   <source>loss, unreliable fraction, IoU</source>
   <translation>Verlust, unzuverlässiger Anteil, IoU</translation>
  </message>
  <message>
   <source>Validation</source>
   <translation>Validierung</translation>
  </message>
  <message>
   <source>HD95 (mm)</source>
   <translation>HD95 (mm)</translation>
  </message>
  <message>
   <source>loss</source>
   <translation>Verlust</translation>
  </message>
  <message>
   <source>unreliable fraction</source>
   <translation>unzuverlässiger Anteil</translation>
  </message>
  <message>
   <source>step</source>
   <translation>Schritt</translation>
  </message>
  <message>
   <source>class {name}</source>
   <translation>Klasse {name}</translation>
  </message>
  <message>
   <source>{label} (optimistic)</source>
   <translation>{label} (optimistisch)</translation>
  </message>
  <message>
   <source>IoU {label}</source>
   <translation>IoU {label}</translation>
  </message>
  <message>
   <source>HD95 {label}</source>
   <translation>HD95 {label}</translation>
  </message>
 </context>
 <context>
  <name>application.sample_data</name>
  <message>
   <source>Empty folder for the study of phantom hips</source>
   <translation>Leerer Ordner für die Studie mit Phantomhüften</translation>
  </message>
  <message>
   <source>Hip CT (SemiSegEmbed)</source>
   <translation>Hüft-CT (SemiSegEmbed)</translation>
  </message>
  <message>
   <source>Phantom hip study</source>
   <translation>Studie mit Phantomhüften</translation>
  </message>
  <message>
   <source>Something is still under way: wait until it is done.</source>
   <translation>Es läuft noch etwas: bitte warten, bis es fertig ist.</translation>
  </message>
  <message>
   <source>Making phantom hips ...</source>
   <translation>Erzeuge Phantomhüften ...</translation>
  </message>
  <message>
   <source>The sample study is ready: annotate a case, or train.</source>
   <translation>Die Beispielstudie ist fertig: einen Fall annotieren oder trainieren.</translation>
  </message>
 </context>
 <context>
  <name>application.segment_presenter</name>
  <message>
   <source>Folder with CT scans, or with one DICOM series</source>
   <translation>Ordner mit CT-Aufnahmen oder mit einer DICOM-Serie</translation>
  </message>
  <message>
   <source>Segmented: {done}, failed: {failed}. See the table; Start tries those again.</source>
   <translation>Segmentiert: {done}, fehlgeschlagen: {failed}. Siehe Tabelle; „Start“ versucht diese noch einmal.</translation>
  </message>
  <message>
   <source>Cancelled. Finished scans are kept; Start goes on with the others.</source>
   <translation>Abgebrochen. Fertige Aufnahmen bleiben; „Start“ macht mit den übrigen weiter.</translation>
  </message>
  <message>
   <source>Left out, because the study has no value for them: {segments}</source>
   <translation>Ausgelassen, weil die Studie keinen Wert dafür hat: {segments}</translation>
  </message>
  <message>
   <source>CT scans to segment</source>
   <translation>CT-Aufnahmen zum Segmentieren</translation>
  </message>
  <message>
   <source>Choose a loaded volume first.</source>
   <translation>Zuerst ein geladenes Volumen wählen.</translation>
  </message>
  <message>
   <source>Folder for the results</source>
   <translation>Ordner für die Ergebnisse</translation>
  </message>
  <message>
   <source>Folder for the files</source>
   <translation>Ordner für die Dateien</translation>
  </message>
  <message>
   <source>Written: {names}</source>
   <translation>Geschrieben: {names}</translation>
  </message>
  <message>
   <source>The export was cancelled; no file was written.</source>
   <translation>Der Export wurde abgebrochen; es wurde keine Datei geschrieben.</translation>
  </message>
  <message>
   <source>Select a scan that is done.</source>
   <translation>Eine fertige Aufnahme auswählen.</translation>
  </message>
  <message>
   <source>The next scans are segmented with {model}.</source>
   <translation>Die nächsten Aufnahmen werden mit {model} segmentiert.</translation>
  </message>
  <message>
   <source>Scans segmented: {done}.</source>
   <translation>Segmentierte Aufnahmen: {done}.</translation>
  </message>
  <message>
   <source>Exporting {name} ...</source>
   <translation>{name} wird exportiert ...</translation>
  </message>
 </context>
 <context>
  <name>application.segment_view</name>
  <message>
   <source>NIfTI (.nii.gz)</source>
   <translation>NIfTI (.nii.gz)</translation>
  </message>
  <message>
   <source>Segmentation (.seg.nrrd)</source>
   <translation>Segmentierung (.seg.nrrd)</translation>
  </message>
  <message>
   <source>Surfaces (.stl)</source>
   <translation>Oberflächen (.stl)</translation>
  </message>
  <message>
   <source>Surfaces (.obj)</source>
   <translation>Oberflächen (.obj)</translation>
  </message>
  <message>
   <source>Surfaces (.ply)</source>
   <translation>Oberflächen (.ply)</translation>
  </message>
  <message>
   <source>Wait until what is under way has ended.</source>
   <translation>Warten, bis beendet ist, was gerade läuft.</translation>
  </message>
  <message>
   <source>There is no model yet: train first.</source>
   <translation>Es gibt noch kein Modell: Zuerst trainieren.</translation>
  </message>
  <message>
   <source>Put scans on the list first.</source>
   <translation>Zuerst Aufnahmen auf die Liste setzen.</translation>
  </message>
  <message>
   <source>waiting</source>
   <translation>wartet</translation>
  </message>
  <message>
   <source>done</source>
   <translation>fertig</translation>
  </message>
  <message>
   <source>failed</source>
   <translation>fehlgeschlagen</translation>
  </message>
  <message>
   <source>none yet: train one first</source>
   <translation>noch keines: zuerst trainieren</translation>
  </message>
  <message>
   <source>running, {percent} %</source>
   <translation>läuft, {percent} %</translation>
  </message>
 </context>
 <context>
  <name>application.series_dialog</name>
  <message>
   <source>Choose CT series</source>
   <translation>CT-Serien wählen</translation>
  </message>
  <message>
   <source>CT series</source>
   <translation>CT-Serien</translation>
  </message>
  <message>
   <source>Select one or more series; double click adds one.</source>
   <translation>Eine oder mehrere Serien auswählen; ein Doppelklick fügt eine hinzu.</translation>
  </message>
  <message>
   <source>Filter by patient or description</source>
   <translation>Nach Patient oder Beschreibung filtern</translation>
  </message>
  <message>
   <source>Filter series</source>
   <translation>Serien filtern</translation>
  </message>
  <message>
   <source>Show only series that contain all of these words.</source>
   <translation>Nur Serien zeigen, die alle diese Wörter enthalten.</translation>
  </message>
  <message>
   <source>&amp;Add to the study</source>
   <translation>&amp;Zur Studie hinzufügen</translation>
  </message>
  <message>
   <source>Add each selected series as a case.</source>
   <translation>Jede ausgewählte Serie als Fall hinzufügen.</translation>
  </message>
  <message>
   <source>&amp;Cancel</source>
   <translation>&amp;Abbrechen</translation>
  </message>
  <message>
   <source>Add nothing.</source>
   <translation>Nichts hinzufügen.</translation>
  </message>
  <message>
   <source>without a name</source>
   <translation>ohne Namen</translation>
  </message>
 </context>
 <context>
  <name>application.study_adding</name>
  <message>
   <source>CT scans (NIfTI, NRRD, MHA)</source>
   <translation>CT-Aufnahmen (NIfTI, NRRD, MHA)</translation>
  </message>
  <message>
   <source>Folder with CT scans or DICOM series</source>
   <translation>Ordner mit CT-Aufnahmen oder DICOM-Serien</translation>
  </message>
  <message>
   <source>Series</source>
   <translation>Serie</translation>
  </message>
  <message>
   <source>Patient</source>
   <translation>Patient</translation>
  </message>
  <message>
   <source>Date</source>
   <translation>Datum</translation>
  </message>
  <message>
   <source>Study</source>
   <translation>Studie</translation>
  </message>
  <message>
   <source>This volume is the CT of {case} already: choose another one.</source>
   <translation>Dieses Volumen ist bereits das CT von {case}: ein anderes wählen.</translation>
  </message>
  <message>
   <source>Looking for DICOM series ...</source>
   <translation>Suche DICOM-Serien ...</translation>
  </message>
  <message>
   <source>Slices</source>
   <translation>Schichten</translation>
  </message>
  <message>
   <source>Slice thickness</source>
   <translation>Schichtdicke</translation>
  </message>
  <message>
   <source>Kernel</source>
   <translation>Faltungskern</translation>
  </message>
  <message>
   <source>Folder</source>
   <translation>Ordner</translation>
  </message>
  <message>
   <source>Choose a loaded volume first.</source>
   <translation>Zuerst ein geladenes Volumen wählen.</translation>
  </message>
  <message>
   <source>Copying {name} into the study ...</source>
   <translation>Kopiere {name} in die Studie ...</translation>
  </message>
  <message>
   <source>Adding {count} scans ...</source>
   <translation>Füge {count} Aufnahmen hinzu ...</translation>
  </message>
  <message>
   <source>Create or open a study first.</source>
   <translation>Zuerst eine Studie anlegen oder öffnen.</translation>
  </message>
  <message>
   <source>{size} mm</source>
   <translation>{size} mm</translation>
  </message>
  <message>
   <source>Adding series ... {count} to go</source>
   <translation>Füge Serien hinzu ... noch {count}</translation>
  </message>
  <message>
   <source>Scans added: {count}.</source>
   <translation>Hinzugefügte Aufnahmen: {count}.</translation>
  </message>
 </context>
 <context>
  <name>application.study_presenter</name>
  <message>
   <source>The study {name} is not where it was: say where it lies now, or reconnect its disk.</source>
   <translation>Die Studie {name} ist nicht mehr an ihrem Ort: angeben, wo sie jetzt liegt, oder ihren Datenträger wieder anschließen.</translation>
  </message>
  <message>
   <source>Take {count} cases out of the study? Files of CT scans and labels stay on disk.</source>
   <translation>{count} Fälle aus der Studie nehmen? Dateien der Aufnahmen und Annotationen bleiben auf dem Datenträger.</translation>
  </message>
  <message>
   <source>Cases ranked: {count}. Next case opens the most uncertain one.</source>
   <translation>Gereihte Fälle: {count}. „Nächster Fall“ öffnet den unsichersten.</translation>
  </message>
  <message>
   <source>Folder of the new study</source>
   <translation>Ordner der neuen Studie</translation>
  </message>
  <message>
   <source>Folder of a study</source>
   <translation>Ordner einer Studie</translation>
  </message>
  <message>
   <source>Changing the study ...</source>
   <translation>Die Studie wird geändert ...</translation>
  </message>
  <message>
   <source>Folder where the CT scans lie now</source>
   <translation>Ordner, in dem die CT-Aufnahmen jetzt liegen</translation>
  </message>
  <message>
   <source>Not found in this folder: {cases}. A scan must be the same file that was added.</source>
   <translation>In diesem Ordner nicht gefunden: {cases}. Es muss dieselbe Datei sein, die hinzugefügt wurde.</translation>
  </message>
  <message>
   <source>Checking the study ...</source>
   <translation>Prüfe die Studie ...</translation>
  </message>
  <message>
   <source>Looking at the cases ...</source>
   <translation>Sehe die Fälle an ...</translation>
  </message>
  <message>
   <source>The study was made.</source>
   <translation>Die Studie ist angelegt.</translation>
  </message>
  <message>
   <source>Every case is annotated.</source>
   <translation>Jeder Fall ist annotiert.</translation>
  </message>
  <message>
   <source>Found. The study knows where they lie now.</source>
   <translation>Gefunden. Die Studie weiß jetzt, wo sie liegen.</translation>
  </message>
  <message>
   <source>Where does the study {name} lie now?</source>
   <translation>Wo liegt die Studie {name} jetzt?</translation>
  </message>
  <message>
   <source>Looking for {count} scans ...</source>
   <translation>Suche {count} Aufnahmen ...</translation>
  </message>
  <message>
   <source>The study {name} was found again.</source>
   <translation>Die Studie {name} wurde wiedergefunden.</translation>
  </message>
 </context>
 <context>
  <name>application.study_view</name>
  <message>
   <source>Hip bones (both sides)</source>
   <translation>Hüftknochen (beide Seiten)</translation>
  </message>
  <message>
   <source>Hip bones, femora and sacrum</source>
   <translation>Hüftknochen, Femora und Sakrum</translation>
  </message>
  <message>
   <source>Choose ...</source>
   <translation>Wählen ...</translation>
  </message>
  <message>
   <source>training</source>
   <translation>Training</translation>
  </message>
  <message>
   <source>held out for testing</source>
   <translation>zum Testen zurückgehalten</translation>
  </message>
  <message>
   <source>nothing (left out)</source>
   <translation>nichts (ausgelassen)</translation>
  </message>
  <message>
   <source>No study is open</source>
   <translation>Keine Studie geöffnet</translation>
  </message>
  <message>
   <source>There is no model yet: train first.</source>
   <translation>Es gibt noch kein Modell: Zuerst trainieren.</translation>
  </message>
  <message>
   <source>Segments: {names}</source>
   <translation>Segmente: {names}</translation>
  </message>
  <message>
   <source>none yet</source>
   <translation>noch keine</translation>
  </message>
  <message>
   <source>Error</source>
   <translation>Fehler</translation>
  </message>
  <message>
   <source>Warning</source>
   <translation>Warnung</translation>
  </message>
  <message>
   <source>study</source>
   <translation>Studie</translation>
  </message>
  <message>
   <source>No problems found.</source>
   <translation>Keine Probleme gefunden.</translation>
  </message>
  <message>
   <source>Wait until what is under way has ended.</source>
   <translation>Warten, bis beendet ist, was gerade läuft.</translation>
  </message>
  <message>
   <source>Training grid: {size} mm</source>
   <translation>Trainingsraster: {size} mm</translation>
  </message>
 </context>
 <context>
  <name>application.study_work</name>
  <message>
   <source>Something is still under way: wait until it is done.</source>
   <translation>Es läuft noch etwas: bitte warten, bis es fertig ist.</translation>
  </message>
  <message>
   <source>Cancelled; what was finished is kept.</source>
   <translation>Abgebrochen; was fertig wurde, bleibt erhalten.</translation>
  </message>
 </context>
 <context>
  <name>application.time_left</name>
  <message>
   <source>about {time} left</source>
   <translation>noch etwa {time}</translation>
  </message>
 </context>
 <context>
  <name>application.train_expectation</name>
  <message>
   <source>Only {size:.1f} GiB of the GPU are free: close other programs that use it, or training takes small steps.</source>
   <translation>Nur {size:.1f} GiB der GPU sind frei: andere Programme schließen, die sie nutzen, sonst trainiert es in kleinen Schritten.</translation>
  </message>
  <message>
   <source>No GPU was found.</source>
   <translation>Keine GPU gefunden.</translation>
  </message>
  <message>
   <source>The processor is much slower than a GPU.</source>
   <translation>Der Prozessor ist viel langsamer als eine GPU.</translation>
  </message>
  <message>
   <source>The time is enough: this kind of training takes about {time} here.</source>
   <translation>Die Zeit reicht: Diese Art von Training dauert hier etwa {time}.</translation>
  </message>
  <message>
   <source>This kind of training takes about {time} here; in {budget} {percent} % of it are done.</source>
   <translation>Diese Art von Training dauert hier etwa {time}; in {budget} sind {percent} % davon geschafft.</translation>
  </message>
  <message>
   <source>one minute</source>
   <translation>eine Minute</translation>
  </message>
  <message>
   <source>{count} days</source>
   <translation>{count} Tage</translation>
  </message>
  <message>
   <source>That is too little: choose Quick look.</source>
   <translation>Das ist zu wenig: „Schneller Blick“ wählen.</translation>
  </message>
  <message>
   <source>{count} hours</source>
   <translation>{count} Stunden</translation>
  </message>
  <message>
   <source>{count} minutes</source>
   <translation>{count} Minuten</translation>
  </message>
 </context>
 <context>
  <name>application.train_machine</name>
  <message>
   <source>Looking for a graphics card (GPU) ...</source>
   <translation>Eine Grafikkarte (GPU) wird gesucht ...</translation>
  </message>
 </context>
 <context>
  <name>application.train_presenter</name>
  <message>
   <source>No training runs.</source>
   <translation>Es läuft kein Training.</translation>
  </message>
  <message>
   <source>No training was stopped or broke off.</source>
   <translation>Kein Training wurde angehalten oder brach ab.</translation>
  </message>
  <message>
   <source>Create or open a study first.</source>
   <translation>Zuerst eine Studie anlegen oder öffnen.</translation>
  </message>
  <message>
   <source>Annotate at least one case first.</source>
   <translation>Zuerst mindestens einen Fall annotieren.</translation>
  </message>
  <message>
   <source>Training runs already: stop it first.</source>
   <translation>Es läuft schon ein Training: Zuerst anhalten.</translation>
  </message>
  <message>
   <source>Press Install first.</source>
   <translation>Zuerst „Installieren“ drücken.</translation>
  </message>
  <message>
   <source>Training is being prepared ...</source>
   <translation>Das Training wird vorbereitet ...</translation>
  </message>
  <message>
   <source>Training runs in the background: Slicer may be closed and opened again.</source>
   <translation>Das Training läuft im Hintergrund: Slicer darf geschlossen und wieder geöffnet werden.</translation>
  </message>
  <message>
   <source>Training goes on ...</source>
   <translation>Das Training geht weiter ...</translation>
  </message>
  <message>
   <source>Training stops at the next step and can be resumed.</source>
   <translation>Das Training hält beim nächsten Schritt an und lässt sich fortsetzen.</translation>
  </message>
  <message>
   <source>Training is being stopped.</source>
   <translation>Das Training wird angehalten.</translation>
  </message>
  <message>
   <source>Training is finished: there is a new model.</source>
   <translation>Das Training ist fertig: Es gibt ein neues Modell.</translation>
  </message>
  <message>
   <source>Training was stopped; what was learned is kept. Resume goes on.</source>
   <translation>Das Training wurde angehalten; das Gelernte bleibt erhalten. „Fortsetzen“ macht weiter.</translation>
  </message>
  <message>
   <source>Training broke off: look into its log.</source>
   <translation>Das Training brach ab: ins Protokoll sehen.</translation>
  </message>
 </context>
 <context>
  <name>application.train_preview</name>
  <message>
   <source>Asked the run for a preview ...</source>
   <translation>Vorschau beim Lauf angefragt ...</translation>
  </message>
  <message>
   <source>Teacher after step {step}.</source>
   <translation>Lehrer nach Schritt {step}.</translation>
  </message>
 </context>
 <context>
  <name>application.train_view</name>
  <message>
   <source>To train and to segment, free packages must be installed once: {packages}.</source>
   <translation>Zum Trainieren und Segmentieren müssen einmal freie Pakete installiert werden: {packages}.</translation>
  </message>
  <message>
   <source>{annotated} annotated and {unannotated} other cases will train.</source>
   <translation>{annotated} annotierte und {unannotated} weitere Fälle trainieren.</translation>
  </message>
  <message>
   <source>Optimistic: measured on parts of scans whose other parts train. Expect less on new patients.</source>
   <translation>Optimistisch: gemessen an Teilen von Aufnahmen, deren übrige Teile trainieren. Bei neuen Patienten ist weniger zu erwarten.</translation>
  </message>
  <message>
   <source>starting</source>
   <translation>startet</translation>
  </message>
  <message>
   <source>running</source>
   <translation>läuft</translation>
  </message>
  <message>
   <source>stopped</source>
   <translation>angehalten</translation>
  </message>
  <message>
   <source>finished</source>
   <translation>fertig</translation>
  </message>
  <message>
   <source>failed</source>
   <translation>fehlgeschlagen</translation>
  </message>
  <message>
   <source>broke off</source>
   <translation>abgebrochen</translation>
  </message>
  <message>
   <source>Robust (recommended)</source>
   <translation>Robust (empfohlen)</translation>
  </message>
  <message>
   <source>As in the paper</source>
   <translation>Wie in der Veröffentlichung</translation>
  </message>
  <message>
   <source>Quick look (small network)</source>
   <translation>Schneller Blick (kleines Netz)</translation>
  </message>
  <message>
   <source>Loss, overlap, unsure share</source>
   <translation>Verlust, Überlappung, unsicherer Anteil</translation>
  </message>
  <message>
   <source>Distance (HD95)</source>
   <translation>Abstand (HD95)</translation>
  </message>
  <message>
   <source>Automatic</source>
   <translation>Automatisch</translation>
  </message>
  <message>
   <source>Annotate at least one case first.</source>
   <translation>Zuerst mindestens einen Fall annotieren.</translation>
  </message>
  <message>
   <source>mean</source>
   <translation>Mittel</translation>
  </message>
  <message>
   <source>{size:.1f} GiB free</source>
   <translation>{size:.1f} GiB frei</translation>
  </message>
  <message>
   <source>With fewer than six annotated cases the scores flatter the model.</source>
   <translation>Bei weniger als sechs annotierten Fällen schmeicheln die Werte dem Modell.</translation>
  </message>
  <message>
   <source>about {time} left</source>
   <translation>noch etwa {time}</translation>
  </message>
  <message>
   <source>step {step} of {total}</source>
   <translation>Schritt {step} von {total}</translation>
  </message>
  <message>
   <source>loss {loss:.3f}</source>
   <translation>Verlust {loss:.3f}</translation>
  </message>
 </context>
 <context>
  <name>application.volumes</name>
  <message>
   <source>The CT {name} is not where it was: put it back, or say where it lies with Locate.</source>
   <translation>Das CT {name} ist nicht mehr am alten Ort: es zurücklegen oder mit „Suchen“ angeben, wo es jetzt liegt.</translation>
  </message>
  <message>
   <source>{name} stands under a transform that bends it: take it out of the transform, then try again.</source>
   <translation>{name} steht unter einer Transformation, die es verbiegt: es aus der Transformation nehmen, dann erneut versuchen.</translation>
  </message>
  <message>
   <source>{name} stands under a transform that shears it: take it out of the transform first.</source>
   <translation>{name} steht unter einer Transformation, die es schert: es zuerst aus der Transformation nehmen.</translation>
  </message>
  <message>
   <source>The CT {name} could not be read: check the file or add it again.</source>
   <translation>Das CT {name} ließ sich nicht lesen: die Datei prüfen oder neu hinzufügen.</translation>
  </message>
  <message>
   <source>The label {name} could not be read: restore it from an earlier version.</source>
   <translation>Die Annotation {name} ließ sich nicht lesen: sie aus einer früheren Fassung wiederherstellen.</translation>
  </message>
  <message>
   <source>{name} is not a 3-D volume of one value a voxel: choose a CT.</source>
   <translation>{name} ist kein 3D-Volumen mit einem Wert je Voxel: ein CT wählen.</translation>
  </message>
 </context>
 <context>
  <name>application.window</name>
  <message>
   <source>The study {name} is open.</source>
   <translation>Die Studie {name} ist geöffnet.</translation>
  </message>
  <message>
   <source>Drawings that were never saved are kept: {cases}.</source>
   <translation>Nie gespeicherte Zeichnungen sind aufgehoben: {cases}.</translation>
  </message>
 </context>
 <context>
  <name>application.workbench</name>
  <message>
   <source>The CT of {case} is not where it was: put it back, or say where it lies now with Locate.</source>
   <translation>Das CT von {case} ist nicht mehr an seinem Ort: zurücklegen oder mit „Suchen“ angeben, wo es jetzt liegt.</translation>
  </message>
  <message>
   <source>Open a case first.</source>
   <translation>Zuerst einen Fall öffnen.</translation>
  </message>
  <message>
   <source>{case} counts as not finished again: save it once it is.</source>
   <translation>{case} gilt wieder als nicht fertig: speichern, sobald es so weit ist.</translation>
  </message>
  <message>
   <source>Your unsaved work on {case} was restored.</source>
   <translation>Die nicht gespeicherte Arbeit an {case} wurde wiederhergestellt.</translation>
  </message>
  <message>
   <source>Preparing {case} ... it opens by itself.</source>
   <translation>Bereite {case} vor ... der Fall öffnet sich von selbst.</translation>
  </message>
  <message>
   <source>The DICOM series of {case} could not be prepared: check it.</source>
   <translation>Die DICOM-Serie von {case} ließ sich nicht aufbereiten: bitte prüfen.</translation>
  </message>
  <message>
   <source>Saved the labels of {case}.</source>
   <translation>Annotation von {case} gespeichert.</translation>
  </message>
 </context>
</TS>
