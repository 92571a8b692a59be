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
   <source>Grey values:</source>
   <translation>Grauwerte:</translation>
  </message>
  <message>
   <source>&amp;Bone</source>
   <translation>&amp;Knochen</translation>
  </message>
  <message>
   <source>Window 2000, level 500 HU.</source>
   <translation>Fenster 2000, Mitte 500 HU.</translation>
  </message>
  <message>
   <source>Soft &amp;tissue</source>
   <translation>&amp;Weichteile</translation>
  </message>
  <message>
   <source>Window 400, level 50 HU.</source>
   <translation>Fenster 400, Mitte 50 HU.</translation>
  </message>
  <message>
   <source>&amp;Start from the model</source>
   <translation>&amp;Vom Modell ausgehen</translation>
  </message>
  <message>
   <source>Replace what is drawn by what the newest model finds in this case; saved versions are kept, and undo takes it back.</source>
   <translation>Das Gezeichnete durch das ersetzen, was das neueste Modell in diesem Fall findet; gespeicherte Fassungen bleiben, und „Rückgängig“ nimmt es zurück.</translation>
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
   <source>&amp;Protect other and completed segments</source>
   <translation>Andere und &amp;fertige Segmente schützen</translation>
  </message>
  <message>
   <source>Drawing never changes voxels of another segment, and none of a segment whose status is Completed.</source>
   <translation>Zeichnen ändert nie Voxel eines anderen Segments und keine eines Segments mit dem Status „fertig“.</translation>
  </message>
  <message>
   <source>Draw bone &amp;only</source>
   <translation>&amp;Nur Knochen</translation>
  </message>
  <message>
   <source>Drawing reaches only voxels above 150 HU, where the Threshold effect begins too.</source>
   <translation>Zeichnen erreicht nur Voxel über 150 HU; dort beginnt auch das Werkzeug Schwellenwert.</translation>
  </message>
  <message>
   <source>Only some slices are &amp;annotated</source>
   <translation>Nur &amp;einige Schichten sind annotiert</translation>
  </message>
  <message>
   <source>The other slices are ignored in training, so that ten good slices already help.</source>
   <translation>Die übrigen Schichten zählen im Training nicht, so dass schon zehn gute Schichten helfen.</translation>
  </message>
  <message>
   <source>&amp;Mark this slice</source>
   <translation>&amp;Diese Schicht markieren</translation>
  </message>
  <message>
   <source>Count the axial slice in view as annotated although nothing is drawn in it; press again to take it back.</source>
   <translation>Die gezeigte axiale Schicht gilt als annotiert, obwohl nichts darin gezeichnet ist; erneut drücken nimmt es zurück.</translation>
  </message>
  <message>
   <source>Annotated slices</source>
   <translation>Annotierte Schichten</translation>
  </message>
  <message>
   <source>Annotated b&amp;y:</source>
   <translation>&amp;Annotiert von:</translation>
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
   <source>Sa&amp;ve</source>
   <translation>&amp;Speichern</translation>
  </message>
  <message>
   <source>Ctrl+Shift+S</source>
   <translation>Ctrl+Shift+S</translation>
  </message>
  <message>
   <source>Save the labels as a new version; earlier versions are kept.</source>
   <translation>Als neue Fassung speichern; frühere Fassungen bleiben erhalten.</translation>
  </message>
  <message>
   <source>Save and ne&amp;xt</source>
   <translation>Speichern &amp;und weiter</translation>
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
   <source>&amp;Use it</source>
   <translation>&amp;Verwenden</translation>
  </message>
  <message>
   <source>Segment with the selected model from now on.</source>
   <translation>Von jetzt an mit dem ausgewählten Modell segmentieren.</translation>
  </message>
  <message>
   <source>&amp;Import…</source>
   <translation>&amp;Importieren…</translation>
  </message>
  <message>
   <source>Copy a model file into the study.</source>
   <translation>Eine Modelldatei in die Studie kopieren.</translation>
  </message>
  <message>
   <source>&amp;Export…</source>
   <translation>&amp;Exportieren…</translation>
  </message>
  <message>
   <source>Copy the selected model to a folder; it holds no patient data.</source>
   <translation>Das ausgewählte Modell in einen Ordner kopieren; es enthält keine Patientendaten.</translation>
  </message>
  <message>
   <source>&amp;Delete…</source>
   <translation>&amp;Löschen…</translation>
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
   <source>Segment this &amp;case</source>
   <translation>Diesen Fa&amp;ll segmentieren</translation>
  </message>
  <message>
   <source>Let the newest model segment the case in view; takes a minute or more without a GPU.</source>
   <translation>Das neueste Modell den gezeigten Fall segmentieren lassen; dauert ohne GPU eine Minute oder mehr.</translation>
  </message>
  <message>
   <source>Cance&amp;l</source>
   <translation>A&amp;bbrechen</translation>
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
   <translation>V&amp;orhersage</translation>
  </message>
  <message>
   <source>The segments that the model found.</source>
   <translation>Die Segmente, die das Modell gefunden hat.</translation>
  </message>
  <message>
   <source>&amp;Uncertainty</source>
   <translation>U&amp;nsicherheit</translation>
  </message>
  <message>
   <source>Where the model is unsure: entropy over dropout passes, in nats.</source>
   <translation>Wo das Modell unsicher ist: Entropie über Dropout-Durchläufe, in nat.</translation>
  </message>
  <message>
   <source>&amp;Matched</source>
   <translation>&amp;Zugeordnet</translation>
  </message>
  <message>
   <source>The pseudo labels that embedding matching gives (nearest annotated neighbours).</source>
   <translation>Die Pseudo-Labels aus dem Einbettungsvergleich (nächste annotierte Nachbarn).</translation>
  </message>
  <message>
   <source>Pro&amp;venance</source>
   <translation>&amp;Herkunft</translation>
  </message>
  <message>
   <source>Where each label comes from: annotation, confident network, embedding matching, or neither.</source>
   <translation>Woher jedes Label stammt: Annotation, sicheres Netz, Einbettungsvergleich oder keines von beiden.</translation>
  </message>
  <message>
   <source>&amp;Difference</source>
   <translation>&amp;Unterschied</translation>
  </message>
  <message>
   <source>Where prediction and annotation differ.</source>
   <translation>Wo Vorhersage und Annotation sich unterscheiden.</translation>
  </message>
  <message>
   <source>Legend</source>
   <translation>Legende</translation>
  </message>
  <message>
   <source>&amp;Opacity:</source>
   <translation>&amp;Deckkraft:</translation>
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
   <source>Most uncer&amp;tain places:</source>
   <translation>Uns&amp;icherste Stellen:</translation>
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
   <source>Pr&amp;evious place</source>
   <translation>Vorige &amp;Stelle</translation>
  </message>
  <message>
   <source>Ctrl+Shift+Up</source>
   <translation>Ctrl+Shift+Up</translation>
  </message>
  <message>
   <source>Move all views to the place before (Ctrl+Shift+Up).</source>
   <translation>Alle Ansichten zur vorigen Stelle bewegen (Strg+Umschalt+Auf).</translation>
  </message>
  <message>
   <source>&amp;Next place</source>
   <translation>Nä&amp;chste Stelle</translation>
  </message>
  <message>
   <source>Ctrl+Shift+Down</source>
   <translation>Ctrl+Shift+Down</translation>
  </message>
  <message>
   <source>Move all views to the next place (Ctrl+Shift+Down).</source>
   <translation>Alle Ansichten zur nächsten Stelle bewegen (Strg+Umschalt+Ab).</translation>
  </message>
  <message>
   <source>&amp;Accept</source>
   <translation>&amp;Annehmen</translation>
  </message>
  <message>
   <source>The result is good as it is; the decision is kept.</source>
   <translation>Das Ergebnis ist gut, wie es ist; die Entscheidung bleibt erhalten.</translation>
  </message>
  <message>
   <source>Ed&amp;it</source>
   <translation>B&amp;earbeiten</translation>
  </message>
  <message>
   <source>Correct a copy of the result in the Segment Editor; saved annotations are kept.</source>
   <translation>Eine Kopie des Ergebnisses im Segmenteditor korrigieren; gespeicherte Annotationen bleiben erhalten.</translation>
  </message>
  <message>
   <source>Re&amp;ject</source>
   <translation>&amp;Verwerfen</translation>
  </message>
  <message>
   <source>The result is not usable; the decision is kept.</source>
   <translation>Das Ergebnis ist nicht brauchbar; die Entscheidung bleibt erhalten.</translation>
  </message>
  <message>
   <source>Cases &amp;worth annotating next:</source>
   <translation>Fälle, die sich als Nächs&amp;tes lohnen:</translation>
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
   <source>Ran&amp;k cases</source>
   <translation>Fälle &amp;reihen</translation>
  </message>
  <message>
   <source>Let the newest model look at every case without annotation; takes minutes without a GPU.</source>
   <translation>Das neueste Modell jeden Fall ohne Annotation ansehen lassen; dauert ohne GPU Minuten.</translation>
  </message>
  <message>
   <source>Open ca&amp;se</source>
   <translation>&amp;Fall öffnen</translation>
  </message>
  <message>
   <source>Bring the chosen case into view.</source>
   <translation>Den gewählten Fall zeigen.</translation>
  </message>
 </context>
 <context>
  <name>SegmentPanel</name>
  <message>
   <source>&amp;Model:</source>
   <translation>&amp;Modell:</translation>
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
   <source>&amp;Loaded volume:</source>
   <translation>Geladenes &amp;Volumen:</translation>
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
   <source>A&amp;dd</source>
   <translation>&amp;Hinzufügen</translation>
  </message>
  <message>
   <source>Put the chosen volume on the list.</source>
   <translation>Das gewählte Volumen auf die Liste setzen.</translation>
  </message>
  <message>
   <source>From disk:</source>
   <translation>Vom Datenträger:</translation>
  </message>
  <message>
   <source>Add &amp;files…</source>
   <translation>&amp;Dateien…</translation>
  </message>
  <message>
   <source>Put NIfTI, NRRD or MHA files on the list.</source>
   <translation>NIfTI-, NRRD- oder MHA-Dateien auf die Liste setzen.</translation>
  </message>
  <message>
   <source>Add folde&amp;r…</source>
   <translation>&amp;Ordner…</translation>
  </message>
  <message>
   <source>Put all scans of a folder, or one DICOM series, on the list.</source>
   <translation>Alle Aufnahmen eines Ordners oder eine DICOM-Serie auf die Liste setzen.</translation>
  </message>
  <message>
   <source>Cl&amp;ear list</source>
   <translation>&amp;Liste leeren</translation>
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
   <source>Remove parts &amp;below</source>
   <translation>&amp;Teile entfernen unter</translation>
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
   <source>Only the lar&amp;gest part</source>
   <translation>&amp;Nur der größte Teil</translation>
  </message>
  <message>
   <source>Keep only the largest part of each segment.</source>
   <translation>Von jedem Segment nur den größten Teil behalten.</translation>
  </message>
  <message>
   <source>&amp;Tell left from right</source>
   <translation>Lin&amp;ks und rechts trennen</translation>
  </message>
  <message>
   <source>Give the bones of each side a segment of their own; else both sides share one.</source>
   <translation>Den Knochen jeder Seite ein eigenes Segment geben; sonst teilen sich beide Seiten eines.</translation>
  </message>
  <message>
   <source>&amp;Uncertainty too</source>
   <translation>Auch &amp;Unsicherheit</translation>
  </message>
  <message>
   <source>Also write maps of uncertainty, matched labels and provenance; takes several times as long.</source>
   <translation>Auch Karten von Unsicherheit, zugeordneten Labels und Herkunft schreiben; dauert mehrfach so lange.</translation>
  </message>
  <message>
   <source>Sa&amp;ve results as:</source>
   <translation>E&amp;rgebnisse als:</translation>
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
   <source>&amp;Start…</source>
   <translation>&amp;Start…</translation>
  </message>
  <message>
   <source>Choose a folder for the results, then segment all scans on the list.</source>
   <translation>Einen Ordner für die Ergebnisse wählen, dann alle Aufnahmen der Liste segmentieren.</translation>
  </message>
  <message>
   <source>&amp;Cancel</source>
   <translation>&amp;Abbrechen</translation>
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
   <source>S&amp;how</source>
   <translation>&amp;Zeigen</translation>
  </message>
  <message>
   <source>Show the selected scan with its result in the slice views.</source>
   <translation>Die ausgewählte Aufnahme mit ihrem Ergebnis in den Schichtansichten zeigen.</translation>
  </message>
  <message>
   <source>Show in &amp;3D</source>
   <translation>&amp;In 3D zeigen</translation>
  </message>
  <message>
   <source>Make the surfaces of the selected result and show them in the 3D view.</source>
   <translation>Die Oberflächen des ausgewählten Ergebnisses erzeugen und in der 3D-Ansicht zeigen.</translation>
  </message>
  <message>
   <source>Smooth&amp;ing:</source>
   <translation>&amp;Glättung:</translation>
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
   <source>Ex&amp;port as:</source>
   <translation>&amp;Export als:</translation>
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
   <source>E&amp;xport…</source>
   <translation>E&amp;xportieren…</translation>
  </message>
  <message>
   <source>Write the selected result as it is shown now, with corrections made in Slicer.</source>
   <translation>Das ausgewählte Ergebnis schreiben, wie es jetzt zu sehen ist, mit Korrekturen aus Slicer.</translation>
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
   <source>&amp;Segments:</source>
   <translation>S&amp;egmente:</translation>
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
   <translation>Neue S&amp;tudie…</translation>
  </message>
  <message>
   <source>Begin a study in an empty folder.</source>
   <translation>Eine Studie in einem leeren Ordner beginnen.</translation>
  </message>
  <message>
   <source>R&amp;ecent:</source>
   <translation>Z&amp;uletzt:</translation>
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
   <translation>Ö&amp;ffnen…</translation>
  </message>
  <message>
   <source>Choose the folder of a study.</source>
   <translation>Den Ordner einer Studie wählen.</translation>
  </message>
  <message>
   <source>&amp;Patient:</source>
   <translation>&amp;Patient:</translation>
  </message>
  <message>
   <source>optional; the same text for all scans of one person</source>
   <translation>freiwillig; derselbe Text für alle Aufnahmen einer Person</translation>
  </message>
  <message>
   <source>Scans of one person never train and test at once. Only a salted hash of this text is kept.</source>
   <translation>Aufnahmen einer Person trainieren und testen nie zugleich. Nur ein gesalzener Hash dieses Textes wird aufbewahrt.</translation>
  </message>
  <message>
   <source>Patient of the scans to add</source>
   <translation>Patient der Aufnahmen, die hinzukommen</translation>
  </message>
  <message>
   <source>&amp;Loaded volume:</source>
   <translation>&amp;Geladenes Volumen:</translation>
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
   <source>A&amp;dd</source>
   <translation>&amp;Hinzufügen</translation>
  </message>
  <message>
   <source>Add the chosen volume to the study.</source>
   <translation>Das gewählte Volumen zur Studie hinzufügen.</translation>
  </message>
  <message>
   <source>From disk:</source>
   <translation>Vom Datenträger:</translation>
  </message>
  <message>
   <source>Add &amp;files…</source>
   <translation>&amp;Dateien…</translation>
  </message>
  <message>
   <source>Add NIfTI, NRRD or MHA files.</source>
   <translation>NIfTI-, NRRD- oder MHA-Dateien hinzufügen.</translation>
  </message>
  <message>
   <source>Add folde&amp;r…</source>
   <translation>&amp;Ordner…</translation>
  </message>
  <message>
   <source>Add all scans of a folder, or choose among the DICOM series in it and below it.</source>
   <translation>Alle Aufnahmen eines Ordners hinzufügen oder unter den DICOM-Serien darin und darunter wählen.</translation>
  </message>
  <message>
   <source>DICO&amp;M database…</source>
   <translation>DICOM-Daten&amp;bank…</translation>
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
   <source>Uncertainty</source>
   <translation>Unsicherheit</translation>
  </message>
  <message>
   <source>Changed</source>
   <translation>Geändert</translation>
  </message>
  <message>
   <source>Open &amp;case</source>
   <translation>F&amp;all öffnen</translation>
  </message>
  <message>
   <source>Load the selected case into the views.</source>
   <translation>Den ausgewählten Fall in die Ansichten laden.</translation>
  </message>
  <message>
   <source>Ne&amp;xt case</source>
   <translation>Nä&amp;chster Fall</translation>
  </message>
  <message>
   <source>Open the case to annotate next: where the model is least sure, or the next one not annotated.</source>
   <translation>Den Fall öffnen, der als Nächstes zu annotieren ist: wo das Modell am unsichersten ist, oder den nächsten nicht annotierten.</translation>
  </message>
  <message>
   <source>&amp;Use for:</source>
   <translation>&amp;Zweck:</translation>
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
   <source>Loca&amp;te…</source>
   <translation>&amp;Suchen…</translation>
  </message>
  <message>
   <source>Say in which folder the CT scans of the selected cases lie now.</source>
   <translation>Angeben, in welchem Ordner die CT-Aufnahmen der ausgewählten Fälle jetzt liegen.</translation>
  </message>
  <message>
   <source>Remo&amp;ve…</source>
   <translation>E&amp;ntfernen…</translation>
  </message>
  <message>
   <source>Take the selected cases out of the study; files stay on disk.</source>
   <translation>Die ausgewählten Fälle aus der Studie nehmen; Dateien bleiben auf dem Datenträger.</translation>
  </message>
  <message>
   <source>Chec&amp;k study</source>
   <translation>Stud&amp;ie prüfen</translation>
  </message>
  <message>
   <source>Look for problems before training: geometry, HU, label values, duplicates.</source>
   <translation>Vor dem Training nach Problemen suchen: Geometrie, HU, Werte der Annotation, Doppelte.</translation>
  </message>
  <message>
   <source>Rank b&amp;y uncertainty</source>
   <translation>Nach Unsicherheit &amp;reihen</translation>
  </message>
  <message>
   <source>Let the newest model look at all cases that are not annotated: Next case then opens the one it is least sure of.</source>
   <translation>Das neueste Modell alle nicht annotierten Fälle ansehen lassen: „Nächster Fall“ öffnet dann den, bei dem es am unsichersten ist.</translation>
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
   <source>What is under way</source>
   <translation>Was gerade läuft</translation>
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
   <source>&amp;Go to case</source>
   <translation>Zu&amp;m Fall</translation>
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
   <source>&amp;Install…</source>
   <translation>&amp;Installieren…</translation>
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
   <source>&amp;Preset:</source>
   <translation>&amp;Voreinstellung:</translation>
  </message>
  <message>
   <source>Robust: strong augmentation, works on most data. Paper: the published values. Quick: a small network for a first look.</source>
   <translation>Robust: starke Augmentierung, für die meisten Daten geeignet. Veröffentlichung: die veröffentlichten Werte. Schnell: ein kleines Netz für einen ersten Blick.</translation>
  </message>
  <message>
   <source>Preset</source>
   <translation>Voreinstellung</translation>
  </message>
  <message>
   <source>&amp;Device:</source>
   <translation>&amp;Gerät:</translation>
  </message>
  <message>
   <source>What computes; Automatic takes a GPU where there is one.</source>
   <translation>Was rechnet; „Automatisch“ nimmt eine GPU, wo es eine gibt.</translation>
  </message>
  <message>
   <source>Device</source>
   <translation>Gerät</translation>
  </message>
  <message>
   <source>&amp;Look again</source>
   <translation>&amp;Neu suchen</translation>
  </message>
  <message>
   <source>Look for GPUs and their free memory.</source>
   <translation>Nach GPUs und ihrem freien Speicher suchen.</translation>
  </message>
  <message>
   <source>&amp;Time:</source>
   <translation>&amp;Zeit:</translation>
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
   <source>Training takes about so long; the number of steps follows from the measured speed.</source>
   <translation>So lange dauert das Training etwa; die Zahl der Schritte folgt aus der gemessenen Geschwindigkeit.</translation>
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
   <source>&amp;Continue from last model</source>
   <translation>Vom letzten &amp;Modell weiter</translation>
  </message>
  <message>
   <source>Train on with the newest model, for example after corrections.</source>
   <translation>Mit dem neuesten Modell weiter trainieren, zum Beispiel nach Korrekturen.</translation>
  </message>
  <message>
   <source>St&amp;op</source>
   <translation>&amp;Anhalten</translation>
  </message>
  <message>
   <source>Stop at the next step; what was learned is kept.</source>
   <translation>Beim nächsten Schritt anhalten; das Gelernte bleibt erhalten.</translation>
  </message>
  <message>
   <source>&amp;Resume</source>
   <translation>&amp;Fortsetzen</translation>
  </message>
  <message>
   <source>Go on with the run that was stopped or broke off.</source>
   <translation>Den angehaltenen oder abgebrochenen Lauf fortsetzen.</translation>
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
   <source>The newest validation: overlap and the distance within which 95 percent of the surface lies.</source>
   <translation>Die neueste Validierung: Überlappung und der Abstand, innerhalb dessen 95 Prozent der Oberfläche liegen.</translation>
  </message>
  <message>
   <source>Newest validation</source>
   <translation>Neueste Validierung</translation>
  </message>
  <message>
   <source>Class</source>
   <translation>Klasse</translation>
  </message>
  <message>
   <source>IoU</source>
   <translation>IoU</translation>
  </message>
  <message>
   <source>HD95</source>
   <translation>HD95</translation>
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
   <source>C&amp;urves:</source>
   <translation>&amp;Kurven:</translation>
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
   <source>S&amp;how</source>
   <translation>Z&amp;eigen</translation>
  </message>
  <message>
   <source>Show the curves in a plot view beside the slices; they grow while training runs.</source>
   <translation>Die Kurven in einer Diagrammansicht neben den Schichten zeigen; sie wachsen, während das Training läuft.</translation>
  </message>
  <message>
   <source>Li&amp;ve preview</source>
   <translation>&amp;Live-Vorschau</translation>
  </message>
  <message>
   <source>Show what the teacher makes of the case in view, again and again while training runs.</source>
   <translation>Zeigen, was der Lehrer aus dem gezeigten Fall macht, immer wieder, solange das Training läuft.</translation>
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
   <source>Saved. Every case is annotated. Next: train.</source>
   <translation>Gespeichert. Alle Fälle sind annotiert. Als Nächstes: trainieren.</translation>
  </message>
 </context>
 <context>
  <name>application.annotate_view</name>
  <message>
   <source>Slices with a drawing count as annotated. Marked besides: {slices}</source>
   <translation>Schichten mit Zeichnung gelten als annotiert. Außerdem markiert: {slices}</translation>
  </message>
  <message>
   <source>Open a case in the Study section</source>
   <translation>Im Abschnitt Studie einen Fall öffnen</translation>
  </message>
  <message>
   <source>none</source>
   <translation>keine</translation>
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
   <translation>Weiter: Scan annotieren</translation>
  </message>
  <message>
   <source>Next: segment new scans</source>
   <translation>Weiter: neue Scans segmentieren</translation>
  </message>
  <message>
   <source>The study holds no scan yet.</source>
   <translation>Die Studie enthält noch keinen Scan.</translation>
  </message>
  <message>
   <source>Next: add scans</source>
   <translation>Weiter: Scans hinzufügen</translation>
  </message>
  <message>
   <source>{annotated} of {total} scans are annotated.</source>
   <translation>{annotated} von {total} Scans sind annotiert.</translation>
  </message>
  <message>
   <source>Training runs.</source>
   <translation>Das Training läuft.</translation>
  </message>
  <message>
   <source>Next: wait for it</source>
   <translation>Weiter: abwarten</translation>
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
   <translation>Weiter: zeichnen und speichern</translation>
  </message>
  <message>
   <source>Next: go on with it</source>
   <translation>Weiter: daran weiterarbeiten</translation>
  </message>
  <message>
   <source>Next: train on</source>
   <translation>Weiter: weiter trainieren</translation>
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
   <translation>Weiter: Scan prüfen</translation>
  </message>
  <message>
   <source>Next: annotate meanwhile</source>
   <translation>Weiter: währenddessen annotieren</translation>
  </message>
  <message>
   <source>Training broke off.</source>
   <translation>Das Training brach ab.</translation>
  </message>
  <message>
   <source>{count} since the last training.</source>
   <translation>Seit dem letzten Training: {count}.</translation>
  </message>
  <message>
   <source>The model has not looked at {count} scans.</source>
   <translation>{count} Scans hat das Modell noch nicht angesehen.</translation>
  </message>
  <message>
   <source>Next: open {name}</source>
   <translation>Weiter: {name} öffnen</translation>
  </message>
  <message>
   <source>{case} has a drawing that was never saved.</source>
   <translation>{case} hat eine Zeichnung, die nie gespeichert wurde.</translation>
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
   <source>Delete the model {id} for good? This frees {size} MiB.</source>
   <translation>Das Modell {id} endgültig löschen? Das gibt {size} MiB frei.</translation>
  </message>
  <message>
   <source>A model file (.ssemodel)</source>
   <translation>Eine Modelldatei (.ssemodel)</translation>
  </message>
  <message>
   <source>Folder for the model file</source>
   <translation>Ordner für die Modelldatei</translation>
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
   <source>{nats:.2f} nats: a little unsure</source>
   <translation>{nats:.2f} nat: etwas unsicher</translation>
  </message>
  <message>
   <source>{nats:.2f}: unsure</source>
   <translation>{nats:.2f}: unsicher</translation>
  </message>
  <message>
   <source>{nats:.2f}: undecided</source>
   <translation>{nats:.2f}: unentschieden</translation>
  </message>
  <message>
   <source>There is no annotation on the grid of this result: annotate the case first.</source>
   <translation>Auf dem Gitter dieses Ergebnisses gibt es keine Annotation: den Fall zuerst annotieren.</translation>
  </message>
  <message>
   <source>annotated</source>
   <translation>annotiert</translation>
  </message>
  <message>
   <source>confident network</source>
   <translation>sicheres Netz</translation>
  </message>
  <message>
   <source>embedding matching</source>
   <translation>Einbettungsvergleich</translation>
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
  <message>
   <source>This result is empty: there is no surface to write.</source>
   <translation>Dieses Ergebnis ist leer: es gibt keine Oberfläche zu schreiben.</translation>
  </message>
  <message>
   <source>The file could not be written: choose another folder.</source>
   <translation>Die Datei ließ sich nicht schreiben: einen anderen Ordner wählen.</translation>
  </message>
 </context>
 <context>
  <name>application.review_presenter</name>
  <message>
   <source>Ranked {count} cases: the first one teaches the model most.</source>
   <translation>{count} Fälle gereiht: der erste bringt dem Modell am meisten bei.</translation>
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
   <source>{rank}. {size:.0f} mm³, uncertainty {value:.2f}</source>
   <translation>{rank}. {size:.0f} mm³, Unsicherheit {value:.2f}</translation>
  </message>
  <message>
   <source>{rank}. {name}, uncertainty {value:.3f}</source>
   <translation>{rank}. {name}, Unsicherheit {value:.3f}</translation>
  </message>
  <message>
   <source>{rank}. {name}, uncertainty {value:.3f} (an older model)</source>
   <translation>{rank}. {name}, Unsicherheit {value:.3f} (älteres Modell)</translation>
  </message>
  <message>
   <source>Not looked at yet: {count}. Press Rank cases.</source>
   <translation>Noch nicht angesehen: {count}. „Fälle reihen“ drücken.</translation>
  </message>
  <message>
   <source>{case} was not segmented yet.</source>
   <translation>{case} wurde noch nicht segmentiert.</translation>
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
   <source>The sample study is ready. Next: open a case and annotate it, or train.</source>
   <translation>Die Beispielstudie ist fertig. Als Nächstes: einen Fall öffnen und annotieren, oder trainieren.</translation>
  </message>
 </context>
 <context>
  <name>application.segment_presenter</name>
  <message>
   <source>Folder with CT scans, or with one DICOM series</source>
   <translation>Ordner mit CT-Aufnahmen oder mit einer DICOM-Serie</translation>
  </message>
  <message>
   <source>{done} scans segmented, {failed} failed: see the table; Start tries those again.</source>
   <translation>{done} Aufnahmen segmentiert, {failed} fehlgeschlagen: siehe Tabelle; „Start“ versucht diese erneut.</translation>
  </message>
  <message>
   <source>Cancelled. Finished scans are kept; Start goes on with the others.</source>
   <translation>Abgebrochen. Fertige Aufnahmen bleiben; „Start“ macht mit den übrigen weiter.</translation>
  </message>
  <message>
   <source>Folder for the files</source>
   <translation>Ordner für die Dateien</translation>
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
   <source>Select a scan that is done.</source>
   <translation>Eine fertige Aufnahme auswählen.</translation>
  </message>
  <message>
   <source>The next scans are segmented with {model}.</source>
   <translation>Die nächsten Aufnahmen werden mit {model} segmentiert.</translation>
  </message>
  <message>
   <source>{done} scans segmented.</source>
   <translation>{done} Aufnahmen segmentiert.</translation>
  </message>
  <message>
   <source>Written: {names}</source>
   <translation>Geschrieben: {names}</translation>
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
   <source>{count} added. Next: open a case and annotate it.</source>
   <translation>{count} hinzugefügt. Als Nächstes: einen Fall öffnen und annotieren.</translation>
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
   <source>Ranked {count} cases. Next case opens the most uncertain one.</source>
   <translation>{count} Fälle gereiht. „Nächster Fall“ öffnet den unsichersten.</translation>
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
   <source>Study created. Next: add CT scans.</source>
   <translation>Studie angelegt. Als Nächstes: CT-Aufnahmen hinzufügen.</translation>
  </message>
  <message>
   <source>Every case is annotated. Next: train.</source>
   <translation>Alle Fälle sind annotiert. Als Nächstes: trainieren.</translation>
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
  <name>application.train_expectation</name>
  <message>
   <source>Only {size:.1f} GiB of the GPU are free: close other programs that use it, or training takes small steps.</source>
   <translation>Nur {size:.1f} GiB der GPU sind frei: andere Programme schließen, die sie nutzen, sonst trainiert es in kleinen Schritten.</translation>
  </message>
  <message>
   <source>On this processor the {all} steps of this preset would take about {time}; {minutes:g} minutes are enough for about {steps} of them.</source>
   <translation>Auf diesem Prozessor würden die {all} Schritte dieser Voreinstellung etwa {time} dauern; {minutes:g} Minuten reichen für etwa {steps} davon.</translation>
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
   <source>No GPU was found.</source>
   <translation>Keine GPU gefunden.</translation>
  </message>
  <message>
   <source>The processor is much slower than a GPU.</source>
   <translation>Der Prozessor ist viel langsamer als eine GPU.</translation>
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
  <name>application.train_presenter</name>
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
   <source>Training is finished. Next: segment, or review where the model is unsure.</source>
   <translation>Das Training ist fertig. Als Nächstes: segmentieren, oder prüfen, wo das Modell unsicher ist.</translation>
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
   <source>Training and segmenting need {packages}.</source>
   <translation>Training und Segmentierung brauchen {packages}.</translation>
  </message>
  <message>
   <source>{annotated} annotated and {unannotated} other cases will train.</source>
   <translation>{annotated} annotierte und {unannotated} weitere Fälle trainieren.</translation>
  </message>
  <message>
   <source>optimistic: measured on withheld blocks of the training cases</source>
   <translation>optimistisch: gemessen an zurückgehaltenen Blöcken der Trainingsfälle</translation>
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
   <source>loss, IoU, unreliable fraction</source>
   <translation>Verlust, IoU, unzuverlässiger Anteil</translation>
  </message>
  <message>
   <source>HD95 in mm</source>
   <translation>HD95 in mm</translation>
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
   <source>Below six annotated cases the scores are optimistic.</source>
   <translation>Unter sechs annotierten Fällen sind die Werte optimistisch.</translation>
  </message>
  <message>
   <source>step {step} of {total}</source>
   <translation>Schritt {step} von {total}</translation>
  </message>
  <message>
   <source>{time} left</source>
   <translation>noch {time}</translation>
  </message>
  <message>
   <source>loss {loss:.3f}</source>
   <translation>Verlust {loss:.3f}</translation>
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
